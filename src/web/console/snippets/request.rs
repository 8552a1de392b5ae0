//! One request to the token endpoint, said in four languages. None of them needs more than what sends a form.

use super::{snippet, word};
use crate::web::views::console::Snippet;
use crate::web::words::Words;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Here(String),
    /// An environment variable.
    Environment(&'static str),
}

/// A form for the token endpoint.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) url: String,
    /// Who asks, where they prove themselves in the head of the request: an id, and the variable that holds the secret.
    pub(super) basic: Option<(String, &'static str)>,
    pub(super) fields: Vec<(&'static str, Given)>,
    /// A proof of the key that the token is to be bound to goes with it, RFC 9449 §4.
    pub(super) dpop: bool,
}

/// The variable in which a proof stands: each is good for one request.
const PROOF: &str = "WRIT_DPOP";

impl Request {
    /// The same in every language; ids begin with `of`.
    pub(super) fn snippets(&self, words: &Words) -> Vec<Snippet> {
        let t = &words.console.snippets;
        vec![
            snippet("curl", "curl", format!("{}\n", self.curl())),
            snippet("python", "Python", self.python()).noted(t.with_requests),
            snippet("typescript", "TypeScript", self.typescript()).noted(t.with_fetch),
            snippet("rust", "Rust", self.rust()).noted(t.with_reqwest),
        ]
    }

    pub(super) fn curl(&self) -> String {
        let mut parts = vec!["curl -sS".to_owned()];
        if let Some((id, variable)) = &self.basic {
            parts.push(format!("-u \"{id}:${variable}\""));
        }
        if self.dpop {
            parts.push(format!("-H \"DPoP: ${PROOF}\""));
        }
        for (name, value) in &self.fields {
            parts.push(match value {
                Given::Here(text) => format!("--data-urlencode {}", word(&format!("{name}={text}"))),
                Given::Environment(variable) => format!("--data-urlencode \"{name}=${variable}\""),
            });
        }
        parts.push(word(&self.url));
        parts.join(" \\\n  ")
    }

    fn python(&self) -> String {
        let value = |value: &Given| match value {
            Given::Here(text) => format!("{text:?}"),
            Given::Environment(variable) => format!("os.environ[\"{variable}\"]"),
        };
        let fields: String =
            self.fields.iter().map(|(name, from)| format!("        \"{name}\": {},\n", value(from))).collect();
        let basic = self
            .basic
            .as_ref()
            .map_or_else(String::new, |(id, variable)| format!("    auth=({id:?}, os.environ[\"{variable}\"]),\n"));
        let dpop = match self.dpop {
            true => format!("    headers={{\"DPoP\": os.environ[\"{PROOF}\"]}},\n"),
            false => String::new(),
        };
        format!(
            "import os\n\nimport requests\n\nanswer = requests.post(\n    {:?},\n{basic}{dpop}    data={{\n{fields}    }},\n    timeout=10,\n)\nanswer.raise_for_status()\ntoken = answer.json()[\"access_token\"]\n",
            self.url
        )
    }

    fn typescript(&self) -> String {
        let value = |value: &Given| match value {
            Given::Here(text) => format!("{text:?}"),
            Given::Environment(variable) => format!("`${{process.env.{variable}}}`"),
        };
        let fields: String = self.fields.iter().map(|(name, from)| format!("    {name}: {},\n", value(from))).collect();
        let mut headers = Vec::new();
        if let Some((id, variable)) = &self.basic {
            headers.push(format!("authorization: `Basic ${{btoa(`{id}:${{process.env.{variable}}}`)}}`"));
        }
        if self.dpop {
            headers.push(format!("dpop: `${{process.env.{PROOF}}}`"));
        }
        let headers = match headers.is_empty() {
            true => String::new(),
            false => format!("  headers: {{ {} }},\n", headers.join(", ")),
        };
        format!(
            "const answer = await fetch({:?}, {{\n  method: \"POST\",\n{headers}  body: new URLSearchParams({{\n{fields}  }}),\n}});\nif (!answer.ok) throw new Error(await answer.text());\nconst {{ access_token: token }} = await answer.json();\n",
            self.url
        )
    }

    fn rust(&self) -> String {
        let value = |value: &Given| match value {
            Given::Here(text) => format!("{text:?}.to_owned()"),
            Given::Environment(variable) => format!("std::env::var(\"{variable}\")?"),
        };
        let fields: String =
            self.fields.iter().map(|(name, from)| format!("        (\"{name}\", {}),\n", value(from))).collect();
        let basic = self.basic.as_ref().map_or_else(String::new, |(id, variable)| {
            format!("    .basic_auth({id:?}, Some(std::env::var(\"{variable}\")?))\n")
        });
        let dpop = match self.dpop {
            true => format!("    .header(\"DPoP\", std::env::var(\"{PROOF}\")?)\n"),
            false => String::new(),
        };
        format!(
            "let answer: serde_json::Value = reqwest::Client::new()\n    .post({:?})\n{basic}{dpop}    .form(&[\n{fields}    ])\n    .send()\n    .await?\n    .error_for_status()?\n    .json()\n    .await?;\nlet token = answer[\"access_token\"].as_str().ok_or(\"no token came\")?;\n",
            self.url
        )
    }
}
