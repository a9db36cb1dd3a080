//! A disk that loses power, tears writes, fills up, fails and lies, for tests of what is stored on it.
//!
//! [`TornDisk`] is a handle to a simulated disk; its [`backend`](TornDisk::backend) is what a store is opened on. What is
//! written stays in the disk's cache until a flush. [`TornDisk::power_cut`] ends the life of the disk and leaves an
//! [`Image`]: the flushed bytes and a choice, by a seed, among what was not flushed. [`TornDisk::from_image`] begins the
//! next life. A [`History`] of one run gives the images of every moment of it without running it again.
//!
//! ```
//! use counterfoil_disk::TornDisk;
//! use redb::StorageBackend;
//!
//! let disk = TornDisk::new();
//! let backend = disk.backend();
//! backend.set_len(3).unwrap();
//! backend.write(0, b"one").unwrap();
//! backend.sync_data().unwrap();
//! backend.write(0, b"two").unwrap();
//! let image = disk.power_cut(7).to_vec();
//! assert!(image == b"one" || image == b"two" || image.len() == 3);
//! assert!(backend.write(0, b"six").is_err());
//! ```

mod backend;
mod choice;
mod disk;
mod fault;
mod history;
mod image;

pub use backend::TornBackend;
pub use choice::{Choice, Keep, Lengths, Tear};
pub use disk::{Counts, TornDisk};
pub use fault::{Failure, Kind, Lie, Repeats, WriteFault};
pub use history::{History, Moment, Operation};
pub use image::Image;
