//! The pure part of `cargo xtask regen`: from the bytes of a discovery document
//! to the OpenAPI document of `openapi/`, and in words what differs between two.
//! Nothing here reads a file, asks a server or prints; the commands do.
//!
//! ```text
//! bytes → discovery → select → rules/* → emit → diff
//! ```

pub mod diff;
pub mod discovery;
pub mod emit;
pub mod fields;
#[cfg(any(test, feature = "_fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod rules;
mod select;
