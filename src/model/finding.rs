//! What somebody who answers for machines should look at.

use serde::{Deserialize, Serialize};

use super::credential::Credential;
use super::machine::Machine;
use crate::base::{Id, Timestamp};

/// One thing about one machine that calls for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub machine: Id<Machine>,
    pub credential: Option<Id<Credential>>,
    /// Since when it is so, where that is known.
    pub since: Option<Timestamp>,
    /// What is so.
    pub text: String,
    /// What to do about it, at a command line.
    pub mend: String,
}

impl Finding {
    /// Both, as one sentence.
    pub fn told(&self) -> String {
        format!("{}: {}", self.text, self.mend)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FindingKind { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl FindingKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// A right credential of it was refused: somebody has it who should not, or who should have stopped.
    CredentialMisused = "credential_misused";
    /// Nobody who is active answers for it.
    NoOwner = "no_owner";
    /// Used once, and not for long.
    Unused = "unused";
    /// Made a while ago, and never used.
    NeverUsed = "never_used";
    /// It may ask for scopes that it does not ask for.
    ScopesUnused = "scopes_unused";
    /// A secret is older than the policy allows.
    SecretOld = "secret_old";
    /// A credential ends soon and has no successor.
    CredentialExpiring = "credential_expiring";
    /// Its own time ends soon.
    MachineExpiring = "machine_expiring";
    /// It calls from where it never called from before.
    NewNetwork = "new_network";
    /// One secret, several callers.
    SecretShared = "secret_shared";
    /// A secret that has a successor is still in use.
    OldSecretUsed = "old_secret_used";
    /// A secret that has a successor is not used any more.
    OldSecretSilent = "old_secret_silent";
}

impl FindingKind {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// Which findings a machine had when it was last looked at: by this, lists find it. What they say is worked out anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineFindings {
    pub kinds: Vec<FindingKind>,
}
