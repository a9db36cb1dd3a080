//! What tills say becomes what head office holds.

mod shop;

mod days;
mod odd_facts;
mod proof;
