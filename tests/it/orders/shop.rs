//! One vendor's shop on a database of its own, asked through the schema.

use std::sync::Arc;

use orion::framework::clock::new_uuid;
use orion::framework::context::{Actor, Ctx, RequestMeta, Stats, TeamActor, VendorContext};
use orion::framework::id::{SessionId, TeamMemberId, UserId};
use orion::framework::permission::{PermissionSet, RolePreset};
use orion::graphql::schema::{OrionSchema, build};
use orion::modules::tenancy::cache::VendorKey;

use crate::support::{Answer, TestApp, Value, json, text};

pub const CHECKOUT: &str = "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) {
    order { id number token status paymentStatus fulfilmentStatus expiresAt allowedActions total { amount } version
      lines { id title quantity total { amount } } }
    payment { id status failureCode amount { amount } }
    nextAction { __typename ... on PaymentInstructions { text reference dueAt } }
    userErrors { code field message details { __typename
      ... on PriceChangedDetails { expected { amount } actual { amount } }
      ... on InsufficientInventoryDetails { requested available } } } } }";

/// A shop whose one article costs 10.00, shipping 4.90.
#[derive(Clone)]
pub struct Shop {
    pub app: TestApp,
    schema: OrionSchema,
    vendor: Arc<VendorContext>,
    pub variant: String,
}

impl Shop {
    pub async fn with(quantity: i32) -> Self {
        Self::on(TestApp::start().await, quantity).await
    }

    pub async fn on(app: TestApp, quantity: i32) -> Self {
        let id = new_uuid();
        let sql = app.owner_sql().await;
        let statements = format!(
            "SET ROLE orion_owner;
             INSERT INTO vendors (id, code, name, subdomain, verified, currency_code, country_code, default_language, languages, time_zone, order_prefix)
               VALUES ('{id}', 'ACME', 'Acme', 'acme', true, 'EUR', 'LU', 'en', '{{en}}', 'Europe/Luxembourg', 'A-');
             INSERT INTO price_lists (vendor_id, code, name, currency_code) VALUES ('{id}', 'base', 'Base', 'EUR');
             INSERT INTO inventory_locations (vendor_id, id, code, name, default_location) VALUES ('{id}', gen_random_uuid(), 'MAIN', 'Main', true);
             INSERT INTO shipping_methods (vendor_id, id, name, currency_code, price) VALUES ('{id}', gen_random_uuid(), 'Standard', 'EUR', 490);
             INSERT INTO event_counters (vendor_id) VALUES ('{id}');
             SELECT orion_order_numbers_create('{id}', 1001, 1);"
        );
        sql.batch_execute(&statements).await.expect("a vendor");
        let key = VendorKey::Code("ACME".into());
        let stats = Arc::new(Stats::default());
        let vendor = app.app().vendors.get(&app.app().db, &stats, key).await.expect("a look-up");
        let vendor = vendor.expect("the vendor");
        let mut shop = Self { app, schema: build(), vendor, variant: String::new() };
        shop.variant = shop.goods("Lamp", quantity).await;
        shop
    }

    /// One more article that costs 10.00.
    pub async fn goods(&self, title: &str, quantity: i32) -> String {
        let created = self
            .team(
                "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
                   product { variants(first: 1) { nodes { id } } } userErrors { code field message } } }",
                json!({ "input": { "title": title, "status": "ACTIVE", "variants": [
                    { "price": { "amount": "10.00", "currencyCode": "EUR" }, "initialQuantity": quantity }] } }),
            )
            .await;
        text(&created.ok()["product"]["variants"]["nodes"][0]["id"])
    }

    async fn ask(&self, actor: Actor, query: &str, variables: Value) -> (Answer, Ctx) {
        let meta = RequestMeta { request_id: "test".into(), ..RequestMeta::default() };
        let ctx = Ctx::new(self.app.app().clone(), Some(self.vendor.clone()), actor, meta);
        let request = async_graphql::Request::new(query)
            .variables(async_graphql::Variables::from_json(variables))
            .data(ctx.clone());
        let response = orion::framework::batch::drive(self.schema.execute(request)).await;
        ctx.end_reads().await;
        let body = serde_json::to_value(&response).expect("JSON");
        (Answer { status: 200, body, headers: Default::default() }, ctx)
    }

    /// As the owner.
    pub async fn team(&self, query: &str, variables: Value) -> Answer {
        self.member(RolePreset::Owner, query, variables).await
    }

    /// As a member of the team with a preset role.
    pub async fn member(&self, role: RolePreset, query: &str, variables: Value) -> Answer {
        let actor = Actor::Team(TeamActor {
            member: TeamMemberId::from_uuid(uuid::Uuid::from_u128(1)),
            user: UserId::from_uuid(uuid::Uuid::from_u128(2)),
            session: SessionId::from_uuid(uuid::Uuid::from_u128(3)),
            permissions: PermissionSet::of(role.permissions().iter()),
        });
        self.ask(actor, query, variables).await.0
    }

    /// As nobody in particular.
    pub async fn visitor(&self, query: &str, variables: Value) -> Answer {
        self.ask(Actor::Anonymous, query, variables).await.0
    }

    /// As nobody in particular, with what it did.
    pub async fn visit(&self, query: &str, variables: Value) -> (Answer, Ctx) {
        self.ask(Actor::Anonymous, query, variables).await
    }

    /// A cart that is ready for checkout; gives its token.
    pub async fn cart(&self, lines: &[(&str, i32)]) -> String {
        let lines: Vec<Value> =
            lines.iter().map(|(id, quantity)| json!({ "variantId": id, "quantity": quantity })).collect();
        let created = self
            .visitor(
                "mutation($input: CartCreateInput) { cartCreate(input: $input) {
                   cart { token shippingMethods { id } } userErrors { code field message } } }",
                json!({ "input": { "lines": lines, "email": "guest@example.test" } }),
            )
            .await;
        let cart = created.ok()["cart"].clone();
        let updated = self
            .visitor(
                "mutation($input: CartUpdateInput!) { cartUpdate(input: $input) {
                   cart { missing } userErrors { code field message } } }",
                json!({ "input": { "token": cart["token"], "shippingMethodId": cart["shippingMethods"][0]["id"],
                    "shippingAddress": crate::support::address() } }),
            )
            .await;
        assert_eq!(updated.ok()["cart"]["missing"], json!([]));
        text(&cart["token"])
    }

    /// Checks out; `payment` is the payment's input.
    pub async fn checkout(&self, token: &str, key: &str, payment: Value) -> Answer {
        let input = json!({ "token": token, "idempotencyKey": key, "payment": payment });
        self.visitor(CHECKOUT, json!({ "input": input })).await
    }

    /// A placed order.
    pub async fn order(&self, quantity: i32, payment: Value) -> Value {
        let token = self.cart(&[(&self.variant, quantity)]).await;
        self.checkout(&token, &token, payment).await.root()["order"].clone()
    }

    /// On hand and reserved of the article.
    pub async fn balance(&self) -> (i32, i32) {
        let variant =
            orion::framework::id::VariantId::parse(&self.variant).expect("an id").uuid().to_string();
        let sql = self.app.owner_sql().await;
        sql.batch_execute("SET ROLE orion_owner").await.expect("the role");
        let row = sql
            .query_one(
                "SELECT on_hand, reserved FROM inventory_items WHERE variant_id = $1::text::uuid",
                &[&variant],
            )
            .await
            .expect("the item");
        (row.get(0), row.get(1))
    }
}

/// The input of the test gateway.
pub fn pays(outcome: &str) -> Value {
    json!({ "gateway": "test", "data": { "outcome": outcome } })
}

/// The input of the manual gateway.
pub fn later() -> Value {
    json!({ "gateway": "manual" })
}
