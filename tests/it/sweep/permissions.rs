//! Each field takes exactly its own permission: everything else is not enough, and nothing else is needed.

use std::collections::BTreeSet;

use orion::framework::id::VendorId;
use orion::framework::permission::Permission;

use super::cases::{self, Who};
use super::schema::{Root, Schema};
use super::world::World;
use crate::support::{Answer, Client, json, text};

const REFUSED: &str = "INSUFFICIENT_PERMISSIONS";

/// A member whose role is changed below: there is no mutation for roles of one's own yet.
struct Member {
    client: Client,
    sql: tokio_postgres::Client,
}

impl Member {
    async fn of(world: &World) -> Self {
        let sql = world.app.owner_sql().await;
        let vendor = VendorId::parse(&world.a.vendor.id).expect("an id").uuid().to_string();
        let role = orion::framework::clock::new_uuid();
        sql.execute(
            "INSERT INTO roles (vendor_id, id, name, permissions) VALUES ($1::text::uuid, $2::text::uuid, 'Swept', '{}')",
            &[&vendor, &role.to_string()],
        )
        .await
        .expect("a role");
        let roles = world.a.vendor.owner().run("{ roles(first: 50) { nodes { id name } } }", json!({})).await;
        let roles = roles.root()["nodes"].as_array().expect("roles").clone();
        let role = roles.iter().find(|role| role["name"] == "Swept").expect("the role");
        let client = world.a.vendor.member_with_role(&text(&role["id"])).await;
        Self { client, sql }
    }

    /// From now on they may do this.
    async fn allow(&self, permissions: Vec<&str>) -> &Client {
        let set = "UPDATE roles SET permissions = $1 WHERE name = 'Swept'";
        assert_eq!(self.sql.execute(set, &[&permissions]).await.expect("an update"), 1);
        &self.client
    }
}

fn all_but(permission: &str) -> Vec<&'static str> {
    Permission::ALL.iter().map(|other| other.name()).filter(|other| *other != permission).collect()
}

/// Whether the field itself was refused, not something that it was asked to do.
fn refused(answer: &Answer) -> bool {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().any(|error| error["extensions"]["code"] == REFUSED)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_wants_its_own_permission_and_no_other() {
    let world = World::make().await;
    let member = Member::of(&world).await;
    let mut swept = 0;
    for filled in cases::requests().into_iter().filter(|filled| filled.field.team_permission()) {
        let (name, permission) = (&filled.field.name, filled.field.permission.as_str());
        let arguments = filled.arguments(&world.a.ids);
        let answer = filled.run(member.allow(all_but(permission)).await, arguments.clone()).await;
        assert!(refused(&answer), "{name} without {permission}: {:#}", answer.body);
        assert!(answer.body["data"][name].is_null(), "{name} without {permission}: {:#}", answer.body);
        let answer = filled.run(member.allow(vec![permission]).await, arguments).await;
        assert!(!refused(&answer), "{name} with {permission} alone: {:#}", answer.body);
        swept += 1;
    }
    assert!(swept > 45, "only {swept} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_views_changes_nothing() {
    let world = World::make().await;
    let viewer = world.a.vendor.member("VIEWER").await;
    for filled in cases::of(Root::Mutation).into_iter().filter(|filled| filled.field.team_permission()) {
        let answer = filled.run(&viewer, filled.arguments(&world.a.ids)).await;
        assert_eq!(answer.codes(), [REFUSED], "{}: {:#}", filled.field.name, answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_admins_and_customers_are_theirs_alone() {
    let world = World::make().await;
    let mut swept = BTreeSet::new();
    for filled in cases::requests() {
        let others = match filled.field.permission.as_str() {
            "ADMIN" => [world.a.vendor.owner(), &world.a.customer],
            "CUSTOMER" => [world.a.vendor.owner(), &world.admin],
            _ => continue,
        };
        for other in others {
            let other =
                if other.token() == world.admin.token() { other.clone().at("AMBER") } else { other.clone() };
            let answer = filled.run(&other, filled.arguments(&world.a.ids)).await;
            let codes = answer.codes();
            let good = ["ADMIN_REQUIRED", REFUSED, "UNAUTHENTICATED"];
            assert!(
                codes.len() == 1 && good.contains(&codes[0].as_str()),
                "{}: {:#}",
                filled.field.name,
                answer.body
            );
        }
        swept.insert(filled.field.name);
    }
    assert!(swept.len() >= 11, "{swept:?}");
}

/// How to reach each protected field below the roots, with the product's id.
const BELOW: &[(&str, &str, &str)] = &[
    ("Product.metadata", "PRODUCTS_READ", "query($id: ID) { product(id: $id) { metadata } }"),
    (
        "Product.marketplaceProduct",
        "IMPORTS_READ",
        "query($id: ID) { product(id: $id) { marketplaceProduct { id } } }",
    ),
    (
        "Vendor.clients",
        "SETTINGS_READ",
        "query($id: ID) { vendor { clients { backOfficeUrl } } product(id: $id) { id } }",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn protected_fields_of_objects_want_their_permission() {
    let listed: BTreeSet<(String, String)> =
        BELOW.iter().map(|(field, permission, _)| ((*field).to_owned(), (*permission).to_owned())).collect();
    let protected: BTreeSet<_> = Schema::read().protected().into_iter().collect();
    assert_eq!(listed, protected, "say how the field is reached");
    let world = World::make().await;
    let member = Member::of(&world).await;
    for (field, permission, query) in BELOW {
        let id = json!({ "id": world.a.ids.get("product") });
        let answer = member.allow(all_but(permission)).await.run(query, id.clone()).await;
        assert!(refused(&answer), "{field} without {permission}: {:#}", answer.body);
        let answer = member.allow(vec![permission]).await.run(query, id.clone()).await;
        assert_eq!(answer.codes(), Vec::<String>::new(), "{field} with {permission}: {:#}", answer.body);
        let answer = Who::Visitor.client(&world, &world.a).run(query, id).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{field}: {:#}", answer.body);
    }
}
