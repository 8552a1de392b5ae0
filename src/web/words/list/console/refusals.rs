//! What was refused, and the story of one attempt. What the caller was told and what is advised is written once, in English, by
//! `protocol`.

use crate::protocol::advice::{Stage, Turn};
use crate::web::words::list::Text;

pub(crate) struct RefusalsWords {
    pub(crate) title: Text,
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) find: Text,
    pub(crate) id: Text,
    pub(crate) no_id: Text,
    pub(crate) open: Text,
    pub(crate) nothing: Text,
    pub(crate) nothing_more: Text,
    pub(crate) nothing_of_client: Text,
    pub(crate) when: Text,
    pub(crate) what: Text,
    pub(crate) who: Text,
    pub(crate) where_: Text,
    pub(crate) from: Text,
    pub(crate) not_known: Text,
    pub(crate) how_many: Text,
    pub(crate) story: StoryWords,
}

pub(crate) struct StoryWords {
    pub(crate) whose_turn: Text,
    pub(crate) what_to_do: Text,
    pub(crate) which_resource: Text,
    pub(crate) nothing_known: Text,
    pub(crate) nothing_known_more: Text,
    pub(crate) forgotten: Text,
    pub(crate) forgotten_more: Text,
    pub(crate) steps: Text,
    pub(crate) facts: Text,
    pub(crate) not_known: Text,
    pub(crate) reason: Text,
    pub(crate) code: Text,
    pub(crate) rule: Text,
    pub(crate) log: Text,
    pub(crate) log_long: Text,
    pub(crate) mend: MendWords,
    pub(in crate::web::words) turns: TurnWords,
    pub(in crate::web::words) stages: StageWords,
    pub(crate) marks: MarkWords,
    pub(crate) here: Text,
    pub(crate) not_here: Text,
    pub(crate) longer_ago: Text,
    pub(crate) not_seen: Text,
}

/// Where something is mended, on a link.
pub(crate) struct MendWords {
    pub(crate) access: Text,
    pub(crate) networks: Text,
    pub(crate) end: Text,
    pub(crate) delegate: Text,
    pub(crate) credentials: Text,
    pub(crate) page: Text,
    pub(crate) register: Text,
}

pub(crate) struct TurnWords {
    pub(in crate::web::words) administrator: Text,
    pub(in crate::web::words) maker: Text,
    pub(in crate::web::words) person: Text,
    pub(in crate::web::words) watch: Text,
    pub(in crate::web::words) wait: Text,
}

pub(crate) struct StageWords {
    pub(in crate::web::words) discovery: Text,
    pub(in crate::web::words) registration: Text,
    pub(in crate::web::words) authorize: Text,
    pub(in crate::web::words) sign_in: Text,
    pub(in crate::web::words) consent: Text,
    pub(in crate::web::words) code: Text,
    pub(in crate::web::words) token: Text,
    pub(in crate::web::words) use_: Text,
}

/// How far it came.
pub(crate) struct MarkWords {
    pub(crate) done: Text,
    pub(crate) refused: Text,
    pub(crate) unseen: Text,
    pub(crate) not_reached: Text,
}

impl StoryWords {
    /// Whose turn it is, as a sentence begins.
    pub(crate) const fn turn(&self, turn: Turn) -> Text {
        let t = &self.turns;
        match turn {
            Turn::Administrator => t.administrator,
            Turn::Maker => t.maker,
            Turn::Person => t.person,
            Turn::Watch => t.watch,
            Turn::Wait => t.wait,
        }
    }

    pub(crate) const fn stage(&self, stage: Stage) -> Text {
        let t = &self.stages;
        match stage {
            Stage::Discovery => t.discovery,
            Stage::Registration => t.registration,
            Stage::Authorize => t.authorize,
            Stage::SignIn => t.sign_in,
            Stage::Consent => t.consent,
            Stage::Code => t.code,
            Stage::Token => t.token,
            Stage::Use => t.use_,
        }
    }
}
