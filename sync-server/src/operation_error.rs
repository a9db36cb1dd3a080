//! Why an operation of head office was not done: a rule said no, the bytes are wrong, or something broke.

use counterfoil_core::journal::fault::Fault;
use counterfoil_core::refusal::{Reason, Refusal};
use thiserror::Error;

use crate::authority::AuthorityError;
use crate::store::StoreError;

/// Why an operation was not done. Nothing of it was.
#[derive(Debug, Error)]
pub enum OperationError {
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Bytes from outside are wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The disk, the store or the system failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            StoreError::Locked => {
                let limit = "wait for it, or end it; one process at a time opens the store";
                Refusal::new(Reason::Declined, "data", error, limit).into()
            }
            StoreError::Backend(_)
            | StoreError::Corrupted(_)
            | StoreError::Damaged { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Invariant(_) => Self::Failed(error.into()),
        }
    }
}

impl From<std::io::Error> for OperationError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<getrandom::Error> for OperationError {
    fn from(error: getrandom::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AuthorityError> for OperationError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::SigningRequest(value) => {
                Refusal::new(Reason::Malformed, "csr", value, "a certificate signing request in PEM").into()
            }
            AuthorityError::Kept(_) | AuthorityError::Nameless | AuthorityError::Random(_) => {
                Self::Failed(error.into())
            }
        }
    }
}
