//! `pellucid completions` and `pellucid man`, both made from the definition of the arguments.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::outcome::{Failure, Outcome};

/// `pellucid completions SHELL`
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Outcome, Failure> {
    // Generated into memory, because the generator panics when its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pellucid", &mut script);
    write_out(&script)
}

/// `pellucid man [--out DIR]`
pub(crate) fn man(args: &ManArgs) -> Result<Outcome, Failure> {
    match &args.out {
        Some(folder) => {
            clap_mangen::generate_to(Cli::command(), folder)
                .map_err(|error| Failure::on_file("write manual pages to", folder, &error))?;
            Ok(Outcome::Good)
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            write_out(&page)
        }
    }
}

fn write_out(bytes: &[u8]) -> Result<Outcome, Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Outcome::Good)
}
