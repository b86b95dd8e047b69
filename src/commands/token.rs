//! `kim token`

use crate::cli::TokenArgs;
use crate::development::{self, Wish};
use crate::failure::Failure;

pub(super) fn run(args: TokenArgs) -> Result<(), Failure> {
    let usual = Wish::usual(&args.agency, args.role);
    let wish = Wish {
        scopes: if args.scope.is_empty() { usual.scopes } else { args.scope },
        ttl: args.ttl,
        purposes: args.purpose,
        subject: args.subject.unwrap_or(usual.subject),
        acting_for: args.acting_for,
        agency: usual.agency,
        role: usual.role,
    };
    super::say(&format!("{}\n", development::sign(&wish)?))
}
