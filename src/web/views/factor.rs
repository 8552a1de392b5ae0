//! `/account/codes`: the second factor of a person.

use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::Spoken;
use super::shell::{Moment, Shell, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/factor.html")]
pub struct FactorPage {
    pub shell: Shell,
    pub step: FactorStep,
    pub problem: Option<FactorProblem>,
}

/// The form as a whole is refused.
const NO_ERROR: Option<String> = None;

impl FactorPage {
    fn left(&self, codes: &usize) -> String {
        (self.shell.words.factor.codes_left)(*codes)
    }
}

#[derive(Clone, Debug)]
pub enum FactorStep {
    /// There is none yet.
    Add {
        /// Brings the secret back.
        ticket: String,
        /// `None`: it does not fit into one.
        picture: Option<Picture>,
        /// In groups of four.
        secret: String,
    },
    Have {
        added: Moment,
        codes_left: usize,
        /// The password alone is not enough here.
        demanded: bool,
    },
    /// Shown once.
    Codes {
        codes: Vec<String>,
        /// Where they were going.
        onward: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorProblem {
    WrongPassword,
    WrongCode,
    Over,
    /// In words: "30 seconds".
    Throttled {
        wait: String,
    },
}

/// A QR code as one path: an image would have to be served, and this page is for one person.
#[derive(Clone, Debug)]
pub struct Picture {
    /// In modules, with the four of quiet around it (ISO/IEC 18004 §5.3.8).
    pub size: usize,
    pub path: String,
}

/// Modules of quiet on each side.
const QUIET: usize = 4;

impl Picture {
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let colors = code.to_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&Color::Dark) {
                    path.push_str(&format!("M{} {}h{}v1H{}z", x + QUIET, y + QUIET, run.len(), x + QUIET));
                }
                x += run.len();
            }
        }
        Some(Self { size: width + 2 * QUIET, path })
    }
}

/// A secret as people read it: in groups of four.
pub fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

impl Spoken for FactorPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let address = format!("otpauth://totp/Writ:ada%40example.com?secret={secret}&issuer=Writ");
        let add = Self {
            shell: sample::signed_in_in(language),
            step: FactorStep::Add {
                ticket: "sample-ticket".into(),
                picture: Picture::of(&address),
                secret: grouped(secret),
            },
            problem: None,
        };
        let have = |codes_left| Self {
            step: FactorStep::Have { added: sample::moment_in(language, -12 * 86_400), codes_left, demanded: false },
            ..add.clone()
        };
        let demanded = FactorStep::Have { added: sample::moment_in(language, -86_400), codes_left: 10, demanded: true };
        let code = |letters: &str| format!("{letters}-efgh-ijkl-mnop");
        let codes = ["abcd", "bcde", "cdef", "defg", "efgh", "fghi", "ghij", "hijk", "ijkl", "jklm"];
        let throttled = FactorProblem::Throttled { wait: words::of(language).length(30) };
        vec![
            ("add", add.clone()),
            ("wrong_code", Self { problem: Some(FactorProblem::WrongCode), ..add.clone() }),
            ("wrong_password", Self { problem: Some(FactorProblem::WrongPassword), ..add.clone() }),
            ("have", have(10)),
            ("demanded", Self { step: demanded, ..add.clone() }),
            ("last_code", have(1)),
            ("no_codes", Self { problem: Some(FactorProblem::Over), ..have(0) }),
            ("throttled", Self { problem: Some(throttled), ..have(7) }),
            (
                "codes",
                Self { step: FactorStep::Codes { codes: codes.map(code).to_vec(), onward: "/account".into() }, ..add },
            ),
        ]
    }
}
