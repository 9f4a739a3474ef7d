//! What the process gives up at the start, so that secrets do not leave its memory.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::exit::Exit;
use crate::failure::Failure;

/// No core dumps, and no debugger of the same user: this program holds the organisation key for a moment. [CLI-16]
pub(crate) fn keep_memory_in() -> Result<(), Failure> {
    let given_up = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    given_up.map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "core dumps cannot be switched off"))
}
