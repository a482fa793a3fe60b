//! `genai-batch doctor`.

use crate::args::Global;
use crate::exit::Result;

/// TODO-doctor: replaced by its author.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, _global: &Global) -> Result<()> {
    Ok(())
}
