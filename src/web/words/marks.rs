//! What a sentence may be filled with, and the sentences that are.
//!
//! A value reaches a sentence in a mark: escaped, and in the element that belongs around it. [`Html`] is made of such sentences and
//! of constants only, so a page may show it as it is.

use std::borrow::Cow;
use std::fmt;

use askama::filters::{Escaper as _, Html as Escape, HtmlSafe};

use crate::web::views::Moment;

/// A sentence with elements in it.
#[derive(Clone, Debug)]
pub(crate) struct Html(Cow<'static, str>);

impl Html {
    pub(super) const fn of(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// For [`html!`]. Nothing but marks is in reach where a language fills its sentences.
    pub(super) fn filled(text: fmt::Arguments<'_>) -> Self {
        Self(Cow::Owned(text.to_string()))
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// `html!("{application} is registered")`
macro_rules! html {
    ($($words:tt)*) => { $crate::web::words::marks::Html::filled(format_args!($($words)*)) };
}
pub(super) use html;

/// Marks: a value and the element around it.
macro_rules! marks {
    ($($(#[$about:meta])* $mark:ident: $open:literal, $close:literal;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy)]
        pub(crate) struct $mark<'a>(&'a str);

        impl fmt::Display for $mark<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($open)?;
                Escape.write_escaped_str(&mut *f, self.0)?;
                f.write_str($close)
            }
        }
    )*};
}

marks! {
    /// A name that a stranger chose, and that matters.
    Name: "<strong class=\"name\">", "</strong>";
    /// The same where everything around it is as heavy already.
    Bare: "<span class=\"name\">", "</span>";
    /// What a machine reads.
    Code: "<code>", "</code>";
    /// Words of ours, or of whoever set this appliance up.
    Plain: "", "";
    /// What an operation answers or a program says: in English, whatever the page is in.
    Foreign: "<span class=\"name\" lang=\"en\">", "</span>";
}

/// Words as they are, escaped.
pub(crate) fn plain(text: &str) -> Plain<'_> {
    Plain(text)
}

/// A sentence of ours that has no elements in it.
pub(crate) fn said(text: &'static str) -> Html {
    Html(Cow::Owned(Plain(text).to_string()))
}

/// A time.
#[derive(Clone, Copy)]
pub(crate) struct Time<'a>(&'a Moment);

impl fmt::Display for Time<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (machine, exact) = (Plain(&self.0.machine), Plain(&self.0.exact));
        write!(f, "<time datetime=\"{machine}\" title=\"{exact}\">{}</time>", Plain(&self.0.words))
    }
}

/// Where some of the words lead.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a>(&'a str);

impl Link<'_> {
    pub(super) fn over(self, words: &'static str) -> impl fmt::Display {
        Html(Cow::Owned(format!("<a href=\"{}\">{words}</a>", Plain(self.0))))
    }

    /// The same over what a machine reads.
    pub(super) fn around(self, code: Code<'_>) -> impl fmt::Display {
        Html(Cow::Owned(format!("<a href=\"{}\">{code}</a>", Plain(self.0))))
    }
}

/// A name that a button goes with: heard, and not seen, for it stands beside the button anyway.
#[derive(Clone, Copy)]
pub(crate) struct Unseen<'a>(&'a str);

impl Unseen<'_> {
    pub(super) fn after(self, words: &'static str) -> impl fmt::Display {
        Html(Cow::Owned(format!("<span class=\"unseen\">{words}{}</span>", Bare(self.0))))
    }
}

/// A number, which may decide what the words around it are.
#[derive(Clone, Copy)]
pub(crate) struct Number(u64);

impl Number {
    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What can be counted with, at hand or behind a reference: templates have either.
pub(crate) trait Count {
    fn count(&self) -> u64;
}

impl Count for u64 {
    fn count(&self) -> u64 {
        *self
    }
}

impl Count for usize {
    fn count(&self) -> u64 {
        *self as u64
    }
}

impl<T: Count> Count for &T {
    fn count(&self) -> u64 {
        (*self).count()
    }
}

/// Sentences, by what they are filled with.
macro_rules! sentences {
    ($($(#[$about:meta])* $sentence:ident($($value:ident: $mark:ident),+);)*) => {$(
        $(#[$about])*
        pub(crate) struct $sentence(pub(super) for<'a> fn($(sentences!(@mark 'a $mark)),+) -> Html);

        impl $sentence {
            pub(crate) fn say(&self, $($value: sentences!(@takes $mark)),+) -> Html {
                (self.0)($($mark(sentences!(@gives $mark $value))),+)
            }
        }
    )*};
    (@mark $life:lifetime Number) => { Number };
    (@mark $life:lifetime $mark:ident) => { $mark<$life> };
    (@takes Number) => { impl Count };
    (@takes Time) => { &Moment };
    (@takes $mark:ident) => { impl AsRef<str> };
    (@gives Number $value:ident) => { $value.count() };
    (@gives Time $value:ident) => { $value };
    (@gives $mark:ident $value:ident) => { $value.as_ref() };
}

sentences! {
    OfName(name: Name);
    OfBare(name: Bare);
    OfPlain(words: Plain);
    OfCode(code: Code);
    OfTime(at: Time);
    OfLink(href: Link);
    OfNameAndPlain(name: Name, words: Plain);
    OfPlainAndPlain(words: Plain, others: Plain);
    OfPlainAndTime(words: Plain, at: Time);
    OfTimeAndPlain(at: Time, words: Plain);
    OfNameAndCode(name: Name, code: Code);
    OfCodeAndPlain(code: Code, words: Plain);
    OfCodeAndPlainAndTime(code: Code, words: Plain, at: Time);
    OfLinkAndCode(href: Link, code: Code);
    OfBareAndBare(one: Bare, other: Bare);
    OfNameAndName(one: Name, other: Name);
    OfForeign(words: Foreign);
    OfBareAndTime(name: Bare, at: Time);
    OfTwoLinks(first: Link, second: Link);
    OfNumber(count: Number);
    OfNumberAndTime(count: Number, at: Time);
    OfUnseen(name: Unseen);
    OfTimeAndBare(at: Time, words: Bare);
    /// A claim, what it must be, and what it is.
    OfCheck(claim: Code, expected: Bare, found: Bare);
    /// Who answers for a machine: name, address, "this agent", and where.
    OfOwner(name: Name, email: Plain, kind: Plain, house: Plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_sentence_is_escaped_whatever_it_is() {
        let hostile = "<script>\"'&";
        let escaped = "&#60;script&#62;&#34;&#39;&#38;";
        let name = OfName(|name| html!("{name} asks"));
        assert_eq!(name.say(hostile).to_string(), format!("<strong class=\"name\">{escaped}</strong> asks"));
        let link = OfLink(|link| html!("see {}", link.over("there")));
        assert_eq!(link.say(hostile).to_string(), format!("see <a href=\"{escaped}\">there</a>"));
        let moment = Moment { words: hostile.into(), machine: hostile.into(), exact: hostile.into() };
        let time = OfTime(|at| html!("at {at}"));
        let shown = format!("at <time datetime=\"{escaped}\" title=\"{escaped}\">{escaped}</time>");
        assert_eq!(time.say(&moment).to_string(), shown);
    }
}
