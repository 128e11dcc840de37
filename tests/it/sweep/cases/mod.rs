//! A case for each root field: arguments that are good in one's own vendor, made from what a vendor has.

mod mutations;
mod queries;

use std::collections::BTreeSet;

use super::schema::{Root, RootField, Schema};
use super::world::{Ids, Realm, World};
use crate::support::{Answer, Client, Value};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The vendor's owner.
    Owner,
    /// A customer of the vendor.
    Customer,
    /// Nobody in particular, in the vendor's shop.
    Visitor,
    /// A platform admin.
    Admin,
}

impl Who {
    /// Them, in a vendor.
    pub fn client(self, world: &World, realm: &Realm) -> Client {
        match self {
            Self::Owner => realm.vendor.owner().clone(),
            Self::Customer => realm.customer.clone(),
            Self::Visitor => realm.vendor.visitor(),
            Self::Admin => world.admin.clone(),
        }
    }
}

/// Arguments for a root field.
pub struct Case {
    pub field: &'static str,
    pub who: Who,
    pub arguments: fn(&Ids) -> Value,
}

/// A case and the field that it is of.
pub struct Filled {
    pub case: Case,
    pub field: RootField,
}

impl Filled {
    /// The arguments, from what a vendor has.
    pub fn arguments(&self, ids: &Ids) -> Value {
        (self.case.arguments)(ids)
    }

    /// Asks, and fails where the answer tells of a fault of ours.
    pub async fn run(&self, client: &Client, arguments: Value) -> Answer {
        let answer = client.run(&self.field.document, arguments).await;
        let codes = answer.codes();
        let faults = ["INTERNAL", "VALIDATION_ERROR", "LIMIT_EXCEEDED", "(none)"];
        assert!(
            !codes.iter().any(|code| faults.contains(&code.as_str())),
            "{}: {:#}\n{}",
            self.field.name,
            answer.body,
            self.field.document
        );
        answer
    }
}

fn case(who: Who, field: &'static str, arguments: fn(&Ids) -> Value) -> Case {
    Case { field, who, arguments }
}

/// All cases of a root, in an order in which all of them succeed one after the other.
pub fn of(root: Root) -> Vec<Filled> {
    let roots = Schema::read().roots();
    let cases = match root {
        Root::Query => queries::queries(),
        Root::Mutation => mutations::mutations(),
        Root::Subscription => queries::subscriptions(),
    };
    cases
        .into_iter()
        .filter_map(|case| {
            let field = roots.iter().find(|field| field.root == root && field.name == case.field)?.clone();
            Some(Filled { case, field })
        })
        .collect()
}

/// The cases of queries and mutations.
pub fn requests() -> Vec<Filled> {
    of(Root::Query).into_iter().chain(of(Root::Mutation)).collect()
}

#[test]
fn every_root_field_has_a_case_and_every_case_a_field() {
    let roots = Schema::read().roots();
    assert!(roots.len() > 80, "only {} root fields were read", roots.len());
    let fields: BTreeSet<(Root, String)> = roots.into_iter().map(|field| (field.root, field.name)).collect();
    let named = |root, cases: Vec<Case>| -> Vec<(Root, String)> {
        cases.into_iter().map(|case| (root, case.field.to_owned())).collect()
    };
    let mut cases: BTreeSet<(Root, String)> = BTreeSet::new();
    cases.extend(named(Root::Query, queries::queries()));
    cases.extend(named(Root::Mutation, mutations::mutations()));
    cases.extend(named(Root::Subscription, queries::subscriptions()));
    let without: Vec<_> = fields.difference(&cases).collect();
    let unknown: Vec<_> = cases.difference(&fields).collect();
    assert!(without.is_empty(), "root fields without a case: {without:?}");
    assert!(unknown.is_empty(), "cases without a root field: {unknown:?}");
}
