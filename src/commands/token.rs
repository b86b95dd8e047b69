//! `kim token`

use crate::cli::TokenArgs;
use crate::development::{self, TokenSpec};
use crate::failure::Failure;
use crate::output::print;

pub(super) fn run(args: TokenArgs) -> Result<(), Failure> {
    let usual = TokenSpec::usual(&args.agency, args.role);
    let spec = TokenSpec {
        scopes: if args.scope.is_empty() { usual.scopes } else { args.scope },
        ttl: args.ttl,
        purposes: args.purpose,
        subject: args.subject.unwrap_or(usual.subject),
        acting_for: args.acting_for,
        agency: usual.agency,
        role: usual.role,
    };
    print(&format!("{}\n", development::sign(&spec)?))
}
