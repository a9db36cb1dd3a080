//! Head office as tills meet it: real TLS on loopback, real tills, a real store file.

mod client;
mod head;

mod connections;
mod enrolment;
mod exchange;
mod limits;
