//! Vendors, their people and goods, made through the API as a user would.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::{Client, TestApp};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "a long password of the tests";

static NUMBER: AtomicU32 = AtomicU32::new(1);

fn number() -> u32 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A vendor with its owner.
#[derive(Clone)]
pub struct Vendor {
    app: TestApp,
    /// The id in the API.
    pub id: String,
    /// The code.
    pub code: String,
    owner: Client,
    owner_email: String,
}

/// Something to buy.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Its one variant's id.
    pub variant: String,
}

impl TestApp {
    /// A logged-in super admin.
    pub async fn admin(&self) -> Client {
        let email = format!("admin{}@orion.test", number());
        orion::modules::identity::service::admin_create(self.app(), &email, true, PASSWORD.to_owned())
            .await
            .expect("an admin");
        let login = self
            .anonymous()
            .run(
                "mutation($input: LoginInput!) { adminLogin(input: $input) { session { accessToken } userErrors { code } } }",
                json!({ "input": { "email": email, "password": PASSWORD } }),
            )
            .await;
        self.anonymous().with_token(text(&login.ok()["session"]["accessToken"]))
    }

    /// A verified vendor with gross prices in euros, in Luxembourg.
    pub async fn vendor(&self, code: &str) -> Vendor {
        self.vendor_with(code, json!({})).await
    }

    /// A verified vendor; `input` overrides fields of `VendorCreateInput`.
    pub async fn vendor_with(&self, code: &str, input: Value) -> Vendor {
        let admin = self.admin().await;
        let email = format!("owner-{}@{}.test", number(), code.to_lowercase());
        let mut fields = json!({
            "name": format!("Vendor {code}"), "code": code, "subdomain": code.to_lowercase(), "ownerEmail": email,
        });
        for (name, value) in input.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        let created = admin
            .run(
                "mutation($input: VendorCreateInput!) { vendorCreate(input: $input) {
                   vendor { id code } temporaryPassword userErrors { code field message } } }",
                json!({ "input": fields }),
            )
            .await;
        let created = created.ok();
        let id = text(&created["vendor"]["id"]);
        let verified = admin
            .run(
                "mutation($input: VendorVerifiedSetInput!) { vendorVerifiedSet(input: $input) { vendor { verified } userErrors { code } } }",
                json!({ "input": { "id": id, "verified": true } }),
            )
            .await;
        assert_eq!(verified.ok()["vendor"]["verified"], true);
        let visitor = self.anonymous().at(code);
        let temporary = text(&created["temporaryPassword"]);
        let owner = first_login(&visitor, &email, &temporary).await;
        Vendor { app: self.clone(), id, code: code.to_owned(), owner, owner_email: email }
    }
}

/// Logs in with a temporary password and answers the challenge with the tests' own.
async fn first_login(visitor: &Client, email: &str, temporary: &str) -> Client {
    let login = visitor
        .run(
            "mutation($input: LoginInput!) { teamLogin(input: $input) { session { id } challenge { id kinds } userErrors { code } } }",
            json!({ "input": { "email": email, "password": temporary } }),
        )
        .await;
    let challenge = &login.ok()["challenge"];
    assert_eq!(challenge["kinds"], json!(["PASSWORD_CHANGE"]));
    let answered = visitor
        .run(
            "mutation($input: SessionChallengeAnswerInput!) { sessionChallengeAnswer(input: $input) {
               session { accessToken } userErrors { code message } } }",
            json!({ "input": { "id": challenge["id"], "kind": "PASSWORD_CHANGE", "newPassword": PASSWORD } }),
        )
        .await;
    visitor.clone().with_token(text(&answered.ok()["session"]["accessToken"]))
}

impl Vendor {
    /// The owner, logged in.
    pub fn owner(&self) -> &Client {
        &self.owner
    }

    /// The owner with a new session, after the clock has moved past the old one.
    pub async fn owner_again(&self) -> Client {
        let login = self
            .visitor()
            .run(
                "mutation($input: LoginInput!) { teamLogin(input: $input) { session { accessToken } userErrors { code } } }",
                json!({ "input": { "email": self.owner_email, "password": PASSWORD } }),
            )
            .await;
        self.visitor().with_token(text(&login.ok()["session"]["accessToken"]))
    }

    /// Nobody in particular, in this vendor's shop.
    pub fn visitor(&self) -> Client {
        self.app.anonymous().at(&self.code)
    }

    /// A team member with a preset role: `MANAGER`, `EDITOR`, `VIEWER`.
    pub async fn member(&self, preset: &str) -> Client {
        let roles = self.owner.run("{ roles(first: 50) { nodes { id preset } } }", json!({})).await;
        let roles = roles.root()["nodes"].as_array().expect("roles").clone();
        let role = roles.iter().find(|role| role["preset"] == preset).expect("the preset exists");
        self.member_with_role(&text(&role["id"])).await
    }

    /// A team member with a role.
    pub async fn member_with_role(&self, role_id: &str) -> Client {
        let email = format!("member-{}@{}.test", number(), self.code.to_lowercase());
        let invited = self
            .owner
            .run(
                "mutation($input: TeamInviteInput!) { teamInvite(input: $input) { token userErrors { code message } } }",
                json!({ "input": { "email": email, "roleId": role_id } }),
            )
            .await;
        let token = text(&invited.ok()["token"]);
        let accepted = self
            .visitor()
            .run(
                "mutation($input: TeamInvitationAcceptInput!) { teamInvitationAccept(input: $input) {
                   session { accessToken } userErrors { code message } } }",
                json!({ "input": { "token": token, "name": "A member", "password": PASSWORD } }),
            )
            .await;
        self.visitor().with_token(text(&accepted.ok()["session"]["accessToken"]))
    }

    /// A registered customer, logged in.
    pub async fn customer(&self) -> Client {
        let email = format!("customer-{}@example.test", number());
        let registered = self
            .visitor()
            .run(
                "mutation($input: CustomerRegisterInput!) { customerRegister(input: $input) {
                   session { accessToken } userErrors { code message } } }",
                json!({ "input": { "email": email, "password": PASSWORD, "firstName": "Anna", "lastName": "Muller" } }),
            )
            .await;
        self.visitor().with_token(text(&registered.ok()["session"]["accessToken"]))
    }

    /// A published product with one variant, so many on hand.
    pub async fn goods(&self, title: &str, price: &str, quantity: i32) -> Goods {
        let currency = self.currency().await;
        let created = self
            .owner
            .run(
                "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
                   product { id variants(first: 1) { nodes { id } } } userErrors { code field message } } }",
                json!({ "input": {
                    "title": title, "status": "ACTIVE",
                    "variants": [{ "sku": format!("SKU-{}", number()),
                                   "price": { "amount": price, "currencyCode": currency }, "initialQuantity": quantity }],
                } }),
            )
            .await;
        let product = &created.ok()["product"];
        Goods { variant: text(&product["variants"]["nodes"][0]["id"]) }
    }

    async fn currency(&self) -> String {
        text(&self.visitor().run("{ vendor { currencyCode } }", json!({})).await.root()["currencyCode"])
    }

    /// A guest's cart with these lines, ready for checkout; gives its token.
    pub async fn ready_cart(&self, client: &Client, lines: &[(&str, i32)]) -> String {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity }))
            .collect();
        let created = client
            .run(
                "mutation($input: CartCreateInput) { cartCreate(input: $input) {
                   cart { token shippingMethods { id } } userErrors { code field message } } }",
                json!({ "input": { "lines": lines, "email": "guest@example.test" } }),
            )
            .await;
        let cart = &created.ok()["cart"];
        let token = text(&cart["token"]);
        let updated = client
            .run(
                "mutation($input: CartUpdateInput!) { cartUpdate(input: $input) {
                   cart { missing } userErrors { code field message } } }",
                json!({ "input": {
                    "token": token, "shippingMethodId": cart["shippingMethods"][0]["id"], "shippingAddress": address(),
                } }),
            )
            .await;
        assert_eq!(updated.ok()["cart"]["missing"], json!([]));
        token
    }

    /// Places an order with the test gateway; gives the whole answer.
    pub async fn checkout(&self, client: &Client, token: &str, key: &str, outcome: &str) -> super::Answer {
        client
            .run(
                CHECKOUT,
                json!({ "input": { "token": token, "idempotencyKey": key,
                                   "payment": { "gateway": "test", "data": { "outcome": outcome } } } }),
            )
            .await
    }
}

/// An address in Luxembourg.
pub fn address() -> Value {
    json!({ "firstName": "Anna", "lastName": "Muller", "line1": "1, rue de la Gare", "city": "Luxembourg",
            "postalCode": "1611", "countryCode": "LU" })
}

/// The checkout mutation of the tests.
pub const CHECKOUT: &str = "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) {
    order { id number token status paymentStatus total { amount currencyCode } lines { id title quantity total { amount } } }
    payment { id status failureCode } userErrors { code field message details { __typename } } } }";

/// The text of a JSON string.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a string expected: {value}")).to_owned()
}
