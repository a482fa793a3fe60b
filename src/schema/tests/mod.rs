//! What becomes of Rust types, and that responses which fit the schema fit the type.

mod asked;
mod instances;
mod property;
mod refused;
mod said;
