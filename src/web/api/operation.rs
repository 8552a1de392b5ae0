//! What can be done with a noun: each operation once, with everything that is known about it.
//!
//! The doors, the checks, the document and the page are made from this, so none of them can say something else than the others.

use std::borrow::Cow;
use std::pin::Pin;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One, address};
use super::call::Call;
use super::cursor::Window;
use super::problem::Problem;
use crate::web::extract::Body;

/// A noun of the API.
pub(super) struct Noun {
    pub(super) title: &'static str,
    /// The member that names one, and stands in its address.
    pub(super) key: &'static str,
    /// What it is, for whoever reads the page.
    pub(super) about: &'static str,
    pub(super) operations: Vec<Operation>,
}

pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// The `operationId`.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// What its token has to have.
    pub(super) scope: &'static str,
    /// The same, where it depends on what is asked for.
    pub(super) weigh: Option<Weigh>,
    pub(super) kind: Kind,
    /// Members that somebody may look for here, and how they are changed instead.
    pub(super) elsewhere: &'static [(&'static str, &'static str)],
    /// The filters of a list.
    pub(super) filters: Vec<Parameter>,
    pub(super) input: Option<Shape>,
    /// What comes back; of a list, each item.
    pub(super) output: Option<Shape>,
    pub(super) act: Act,
}

type Weigh = fn(&HttpRequest, &Body) -> &'static str;
type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, Problem>>>>;
type Act = Box<dyn Fn(Call) -> Answering + Send + Sync>;

/// Kinds of operations: what they take besides their input, and how they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Show,
    Create,
    Change,
    Remove,
    /// Something is done to one thing, which is then shown.
    Do,
    /// Something is done, and what came of it is told.
    Tell,
}

impl Kind {
    /// Whether the request has to say which state of the thing it means. RFC 6585 §3.
    pub(super) fn needs_seen(self) -> bool {
        matches!(self, Self::Change | Self::Remove)
    }
}

/// A type on the wire.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: fn() -> Cow<'static, str>,
    pub(super) schema: fn() -> RefOr<Schema>,
    /// The types in it.
    pub(super) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: T::schema, parts: T::schemas }
    }
}

/// An operation by its address, name, scope and one line about it.
pub(super) struct What(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
);

impl Operation {
    pub(super) fn methods(&self) -> &'static [Method] {
        match self.kind {
            Kind::List | Kind::Show => &[Method::GET],
            Kind::Create | Kind::Do | Kind::Tell => &[Method::POST],
            Kind::Change => &[Method::PATCH],
            Kind::Remove => &[Method::DELETE],
        }
    }

    /// Whether a body may be left out: what is asked for is clear without one. A change without one is rather a mistake.
    pub(super) fn may_be_bare(&self) -> bool {
        let schema = self.input.as_ref().map(|input| (input.schema)());
        let optional = matches!(schema, Some(RefOr::T(Schema::Object(object))) if object.required.is_empty());
        optional && matches!(self.kind, Kind::Do | Kind::Tell | Kind::Create)
    }

    fn new(what: What, kind: Kind, act: Act) -> Self {
        let What(path, id, scope, summary) = what;
        let mut operation = Self {
            method: Method::GET,
            path,
            id,
            summary,
            scope,
            weigh: None,
            kind,
            elsewhere: &[],
            filters: Vec::new(),
            input: None,
            output: None,
            act,
        };
        if let [method] = operation.methods() {
            operation.method = method.clone();
        }
        operation
    }
}

impl Noun {
    pub(super) fn new(title: &'static str, key: &'static str, about: &'static str) -> Self {
        Self { title, key, about, operations: Vec::new() }
    }

    fn with(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Of the operation before: which scope it takes is seen in what is asked for.
    pub(super) fn weighed(mut self, weigh: Weigh) -> Self {
        if let Some(operation) = self.operations.last_mut() {
            operation.weigh = Some(weigh);
        }
        self
    }

    /// Of the operation before: members of the noun that it does not change, and what does.
    pub(super) fn elsewhere(mut self, members: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(operation) = self.operations.last_mut() {
            operation.elsewhere = members;
        }
        self
    }

    /// `GET` of many.
    pub(super) fn list<F, V, A, W>(self, what: What, act: A) -> Self
    where
        F: DeserializeOwned + IntoParams + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, Window, F) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<Listed<V>, Problem>> + 'static,
    {
        let run: Act = Box::new(move |mut call| {
            Box::pin(async move {
                let (window, filters) = call.window::<F>()?;
                let (limit, text) = (window.limit, call.query_text.clone());
                let address = call.app.issuer.url(&call.path);
                Ok(act(call, window, filters).await?.answer(limit, &address, &text))
            })
        });
        let filters = F::into_params(|| Some(ParameterIn::Query));
        self.with(Operation { filters, output: Some(Shape::of::<V>()), ..Operation::new(what, Kind::List, run) })
    }

    /// `GET` of one.
    pub(super) fn show<V, A, W>(self, what: What, act: A) -> Self
    where
        V: Serialize + ToSchema + 'static,
        A: Fn(Call) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<One<V>, Problem>> + 'static,
    {
        let run: Act = Box::new(move |call| {
            Box::pin(async move {
                call.no_query()?;
                Ok(act(call).await?.answer())
            })
        });
        self.with(Operation { output: Some(Shape::of::<V>()), ..Operation::new(what, Kind::Show, run) })
    }

    /// `POST` that makes one; the handler gives its id besides.
    pub(super) fn create<I, V, A, W>(self, what: What, act: A) -> Self
    where
        I: DeserializeOwned + ToSchema + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<(String, One<V>), Problem>> + 'static,
    {
        self.with(made(what, None, act))
    }

    /// The same of something whose place is the list at `list`.
    pub(super) fn create_in<I, V, A, W>(self, list: &'static str, what: What, act: A) -> Self
    where
        I: DeserializeOwned + ToSchema + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<(String, One<V>), Problem>> + 'static,
    {
        self.with(made(what, Some(list), act))
    }

    /// `PATCH`: members that are there change, the others stay.
    pub(super) fn change<I, V, A, W>(self, what: What, act: A) -> Self
    where
        I: DeserializeOwned + ToSchema + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<One<V>, Problem>> + 'static,
    {
        self.with(shown_after(what, Kind::Change, act))
    }

    /// `POST` that does something to one, which is then shown.
    pub(super) fn act<I, V, A, W>(self, what: What, act: A) -> Self
    where
        I: DeserializeOwned + ToSchema + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<One<V>, Problem>> + 'static,
    {
        self.with(shown_after(what, Kind::Do, act))
    }

    /// `POST` that tells what came of it.
    pub(super) fn tell<I, V, A, W>(self, what: What, act: A) -> Self
    where
        I: DeserializeOwned + ToSchema + 'static,
        V: Serialize + ToSchema + 'static,
        A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<V, Problem>> + 'static,
    {
        let run: Act = Box::new(move |mut call| {
            Box::pin(async move {
                call.no_query()?;
                let input = call.input::<I>()?;
                Ok(HttpResponse::Ok().json(act(call, input).await?))
            })
        });
        let (input, output) = (Some(Shape::of::<I>()), Some(Shape::of::<V>()));
        self.with(Operation { input, output, ..Operation::new(what, Kind::Tell, run) })
    }

    /// `DELETE`.
    pub(super) fn remove<A, W>(self, what: What, act: A) -> Self
    where
        A: Fn(Call) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<(), Problem>> + 'static,
    {
        let run: Act = Box::new(move |call| {
            Box::pin(async move {
                call.no_query()?;
                act(call).await?;
                Ok(HttpResponse::NoContent().finish())
            })
        });
        self.with(Operation::new(what, Kind::Remove, run))
    }

    /// `DELETE` that tells what came of it.
    pub(super) fn end<V, A, W>(self, what: What, act: A) -> Self
    where
        V: Serialize + ToSchema + 'static,
        A: Fn(Call) -> W + Copy + Send + Sync + 'static,
        W: Future<Output = Result<V, Problem>> + 'static,
    {
        let run: Act = Box::new(move |call| {
            Box::pin(async move {
                call.no_query()?;
                Ok(HttpResponse::Ok().json(act(call).await?))
            })
        });
        self.with(Operation { output: Some(Shape::of::<V>()), ..Operation::new(what, Kind::Remove, run) })
    }
}

fn made<I, V, A, W>(what: What, list: Option<&'static str>, act: A) -> Operation
where
    I: DeserializeOwned + ToSchema + 'static,
    V: Serialize + ToSchema + 'static,
    A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
    W: Future<Output = Result<(String, One<V>), Problem>> + 'static,
{
    let run: Act = Box::new(move |mut call| {
        Box::pin(async move {
            call.no_query()?;
            let input = call.input::<I>()?;
            let list = call.app.issuer.url(list.unwrap_or(&call.path));
            let (id, made) = act(call, input).await?;
            Ok(made.created(&address(&list, &id)))
        })
    });
    let (input, output) = (Some(Shape::of::<I>()), Some(Shape::of::<V>()));
    Operation { input, output, ..Operation::new(what, Kind::Create, run) }
}

fn shown_after<I, V, A, W>(what: What, kind: Kind, act: A) -> Operation
where
    I: DeserializeOwned + ToSchema + 'static,
    V: Serialize + ToSchema + 'static,
    A: Fn(Call, I) -> W + Copy + Send + Sync + 'static,
    W: Future<Output = Result<One<V>, Problem>> + 'static,
{
    let run: Act = Box::new(move |mut call| {
        Box::pin(async move {
            call.no_query()?;
            let input = call.input::<I>()?;
            Ok(act(call, input).await?.answer())
        })
    });
    let (input, output) = (Some(Shape::of::<I>()), Some(Shape::of::<V>()));
    Operation { input, output, ..Operation::new(what, kind, run) }
}
