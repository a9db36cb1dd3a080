//! The program `till` as a shop runs it: the real binary, its exit codes and its JSON, with `till serve` and without.

mod api;
mod approval;
mod bad_input;
mod callers;
mod damage;
mod day;
mod drawer;
mod folder;
mod full_disk;
mod goods_back;
mod kills;
mod labels;
mod local_api;
mod lost_answers;
mod numbers;
mod offers;
mod people;
mod random;
mod reports;
mod safekeeping;
mod served_kills;
mod shop;
