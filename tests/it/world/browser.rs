//! A browser without JavaScript: it keeps cookies, follows redirects on its own origin, and submits the forms it finds.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::http::{Answer, Location, Request, encode, error_id};
use super::told::{Told, told};
use super::{PASSWORD, Someone};

#[derive(Clone, Debug)]
pub struct Browser {
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every form, as a browser would.
    pub fetch_site: Option<&'static str>,
    /// Sent with every request, as no browser would.
    pub headers: Vec<(&'static str, String)>,
}

/// What is on the screen.
#[derive(Clone, Debug)]
pub struct Page {
    pub path: String,
    pub status: u16,
    pub body: String,
    pub headers: Vec<(String, String)>,
    /// Where the browser was sent, if that is not on this origin.
    pub left_for: Option<Location>,
}

/// A form as it stands on the page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub value: String,
    pub kind: String,
    pub checked: bool,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), fetch_site: Some("same-origin"), headers: Vec::new() }
    }

    pub fn get(&mut self, path: &str) -> Page {
        let answer = self.send(Request::new(self.address, "GET", path));
        self.follow(path, answer)
    }

    /// Posts fields as they are, without looking at a form.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut request = Request::new(self.address, "POST", path).form(fields);
        if let Some(site) = self.fetch_site {
            request = request.header("Sec-Fetch-Site", site);
        }
        let answer = self.send(request);
        self.follow(path, answer)
    }

    /// Fills in and submits the first form on the page that has the first of these fields; what is not named stays as
    /// it is, and boxes stay as they are ticked.
    #[track_caller]
    pub fn submit(&mut self, page: &Page, fill: &[(&str, &str)]) -> Page {
        let form = page.form(fill.first().map_or("csrf", |(name, _)| name));
        self.submit_form(&form, fill)
    }

    /// The same with what a script filled in.
    #[track_caller]
    pub fn submit_filled(&mut self, form: &Form, fill: &[(&'static str, String)]) -> Page {
        let fill: Vec<(&str, &str)> = fill.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.submit_form(form, &fill)
    }

    pub fn submit_form(&mut self, form: &Form, fill: &[(&str, &str)]) -> Page {
        let mut fields: Vec<(&str, &str)> = form
            .fields
            .iter()
            .filter(|field| match field.kind.as_str() {
                "checkbox" => field.checked && !fill.iter().any(|(name, _)| *name == field.name),
                "submit" => false,
                _ => !fill.iter().any(|(name, _)| *name == field.name),
            })
            .map(|field| (field.name.as_str(), field.value.as_str()))
            .collect();
        fields.extend(fill.iter().filter(|(_, value)| !value.is_empty()));
        self.post(&form.action, &fields)
    }

    /// Signs in on a page that asks for it.
    #[track_caller]
    pub fn sign_in(&mut self, page: &Page, someone: &Someone) -> Page {
        self.submit(page, &[("email", &someone.email), ("password", PASSWORD)])
    }

    /// One request with this browser's cookies; the answer's are kept, its redirect is not followed.
    pub fn send(&mut self, request: Request) -> Answer {
        let answer = self.dress(request).send();
        self.keep_cookies(&answer);
        answer
    }

    /// The same for a program that may be gone: `None` if it is. A form is sent without looking at the page it is on.
    pub fn attempt(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Option<Page> {
        let mut request = Request::new(self.address, method, path);
        if method == "POST" {
            request = request.form(fields).header("Sec-Fetch-Site", "same-origin");
        }
        let answer = self.dress(request).attempt().filter(|answer| answer.status != 200 || !answer.body.is_empty())?;
        self.keep_cookies(&answer);
        let left_for = answer.header("location").map(|location| Location(location.to_owned()));
        Some(Page {
            path: path.to_owned(),
            status: answer.status,
            body: answer.body,
            headers: answer.headers,
            left_for,
        })
    }

    fn dress(&self, mut request: Request) -> Request {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", &cookies.join("; "));
        }
        request
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.all("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn follow(&mut self, path: &str, mut answer: Answer) -> Page {
        let mut path = path.to_owned();
        for _ in 0..10 {
            let Some(location) = answer.header("location").map(str::to_owned) else { break };
            if !location.starts_with('/') {
                let left_for = Some(Location(location));
                return Page { path, status: answer.status, body: answer.body, headers: answer.headers, left_for };
            }
            assert_eq!(answer.status, 303, "only See Other keeps credentials out of the next request");
            path = location;
            answer = self.send(Request::new(self.address, "GET", &path));
        }
        let path = path.split('?').next().unwrap_or_default().to_owned();
        Page { path, status: answer.status, body: answer.body, headers: answer.headers, left_for: None }
    }
}

impl Page {
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{} {}", self.path, self.body);
        self
    }

    #[track_caller]
    pub fn expect_text(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text:?} is not on {}: {}", self.path, self.body);
        self
    }

    #[track_caller]
    pub fn expect_no_text(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is on {}: {}", self.path, self.body);
        self
    }

    /// The application got its answer: the URL it was sent to.
    #[track_caller]
    pub fn expect_left(&self) -> &Location {
        self.left_for.as_ref().unwrap_or_else(|| panic!("still on {} ({}): {}", self.path, self.status, self.body))
    }

    /// It is still on a page of ours, which says this.
    #[track_caller]
    pub fn expect_page(&self, status: u16, text: &str) -> &Self {
        assert!(self.left_for.is_none(), "left for {:?}", self.left_for);
        self.expect_status(status).expect_text(text)
    }

    /// What the log was told under the id on the page, or in the URL that the browser was sent to.
    #[track_caller]
    pub fn told(&self) -> Told {
        let text = self.left_for.as_ref().map_or(self.body.as_str(), |location| location.0.as_str());
        told(&error_id(text).unwrap_or_else(|| panic!("no error id in {text}")))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first form that has a field of this name.
    #[track_caller]
    pub fn form(&self, field: &str) -> Form {
        let mut forms = self.forms();
        let at = forms.iter().position(|form| form.fields.iter().any(|known| known.name == field));
        let at =
            at.unwrap_or_else(|| panic!("no form with {field:?} on {} ({}): {}", self.path, self.status, self.body));
        forms.swap_remove(at)
    }

    /// The first form that is sent to an address with this in it.
    #[track_caller]
    pub fn form_to(&self, action: &str) -> Form {
        let mut forms = self.forms();
        let at = forms.iter().position(|form| form.action.contains(action));
        let at =
            at.unwrap_or_else(|| panic!("no form to {action:?} on {} ({}): {}", self.path, self.status, self.body));
        forms.swap_remove(at)
    }

    pub fn forms(&self) -> Vec<Form> {
        let pieces = self.body.split("<form").skip(1);
        pieces
            .map(|piece| {
                let form = piece.split("</form").next().unwrap_or_default();
                let action = attribute(form.split('>').next().unwrap_or_default(), "action").unwrap_or_default();
                let tags = form.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button"));
                let fields = tags.filter_map(|tag| {
                    let tag = tag.split('>').next().unwrap_or_default();
                    let default = if tag.starts_with("button") { "submit" } else { "text" };
                    Some(Field {
                        name: attribute(tag, "name")?,
                        value: attribute(tag, "value").unwrap_or_default(),
                        kind: attribute(tag, "type").unwrap_or_else(|| default.to_owned()),
                        checked: tag.split_ascii_whitespace().any(|word| word.trim_end_matches('/') == "checked"),
                    })
                });
                Form { action, fields: fields.collect() }
            })
            .collect()
    }
}

impl Form {
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.name == name).map_or("", |field| field.value.as_str())
    }

    /// The scopes on a consent page, and whether each is ticked.
    pub fn boxes(&self) -> Vec<(&str, bool)> {
        let scopes = self.fields.iter().filter(|field| field.name == "scope");
        scopes.map(|field| (field.value.as_str(), field.checked || field.kind == "hidden")).collect()
    }
}

pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let rest = &tag[start..];
    let value = &rest[..rest.find('"')?];
    Some(
        value
            .replace("&#34;", "\"")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

/// The query of an authorization request.
pub fn query(fields: &[(&str, &str)]) -> String {
    encode(fields)
}
