//! Power cuts, failing disks and damaged disks under a till.

mod answers;
mod backup;
mod case;
mod crash;
mod damage;
mod errors;
mod life;
mod office;
mod reference;
#[path = "../shop/mod.rs"]
mod shop;
mod sweep;
mod thorough;
mod workload;
