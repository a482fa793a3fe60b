//! A running emulator, as its user sees it: the [`handle`], the variables that lead clients to it
//! ([`mod@env`]), and what a test looks up and puts behind the services without a call.

mod credentials;
mod env;
mod handle;
mod stores;
mod vertex;

pub use handle::Emulator;
