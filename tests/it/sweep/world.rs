//! Two vendors that have everything, all of whose texts carry the vendor's own marker word.

use std::collections::BTreeMap;

use crate::support::{Client, PASSWORD, TestApp, Value, Vendor, address, json, text};

/// The admin who logs in by a case.
pub const ADMIN: &str = "sweep@orion.test";

/// What a vendor has, by what it is there for.
#[derive(Debug, Clone, Default)]
pub struct Ids(BTreeMap<&'static str, String>);

impl Ids {
    /// One of them.
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or_else(|| panic!("the world has no {name}"), String::as_str)
    }
    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
    fn set(&mut self, name: &'static str, value: &Value) {
        self.0.insert(name, text(value));
    }
}

/// A vendor, its people and its ids.
pub struct Realm {
    pub vendor: Vendor,
    pub customer: Client,
    pub ids: Ids,
    pub marker: &'static str,
}

/// The application with both vendors.
pub struct World {
    pub app: TestApp,
    pub a: Realm,
    pub b: Realm,
    pub admin: Client,
}

impl World {
    /// Makes it: a second or two.
    pub async fn make() -> Self {
        let app = TestApp::start().await;
        let admin = app.admin().await;
        orion::modules::identity::service::admin_create(app.app(), ADMIN, true, PASSWORD.to_owned())
            .await
            .expect("an admin");
        let mut a = realm(&app, "AMBER", "AMBERSECRET", 0).await;
        let mut b = realm(&app, "BLUE", "BLUESECRET", 1).await;
        for realm in [&mut a, &mut b] {
            realm.waiting_import().await;
            realm.challenge(&app).await;
        }
        Self { app, a, b, admin }
    }
}

/// Runs a mutation that must succeed and gives its payload.
#[track_caller]
fn ok(answer: &crate::support::Answer) -> Value {
    answer.ok().clone()
}

async fn realm(app: &TestApp, code: &'static str, marker: &'static str, more_orders: usize) -> Realm {
    let vendor = app.vendor_with(code, json!({ "name": format!("{marker} shop") })).await;
    let visitor = vendor.visitor();
    let mut realm = Realm { vendor, customer: visitor, ids: Ids::default(), marker };
    realm.ids.0.insert("vendor", realm.vendor.id.clone());
    realm.catalog().await;
    realm.places().await;
    realm.people().await;
    realm.feeds(app).await;
    realm.carts().await;
    realm.orders(more_orders).await;
    realm
}

impl Realm {
    async fn owner(&self, query: &str, input: Value) -> Value {
        ok(&self.vendor.owner().run(query, json!({ "input": input })).await)
    }

    async fn product(&self, name: &str, status: &str, variants: usize) -> Value {
        let key = format!("{}-{name}", self.marker);
        let variants: Vec<Value> = (0..variants)
            .map(|n| {
                json!({ "sku": format!("{key}-{n}"), "options": [{ "name": "Size", "value": format!("{n}") }],
                        "price": { "amount": "10.00", "currencyCode": "EUR" }, "initialQuantity": 1_000 })
            })
            .collect();
        let input = json!({ "title": key, "description": key, "brand": self.marker, "externalId": key,
            "slug": key.to_lowercase(), "status": status, "variants": variants,
            "metadata": { "note": self.marker }, "images": [{ "url": format!("https://img.example/{key}.jpg") }] });
        let made = self
            .owner(
                "mutation($input: ProductCreateInput!) { productCreate(input: $input) { product { id slug externalId
                   variants(first: 5) { nodes { id sku } } images(first: 1) { nodes { id } } } userErrors { code field message } } }",
                input,
            )
            .await;
        made["product"].clone()
    }

    async fn category(&self, name: &str) -> Value {
        self.owner(
            "mutation($input: CategoryCreateInput!) { categoryCreate(input: $input) { category { id slug } userErrors { code message } } }",
            json!({ "name": format!("{} {name}", self.marker) }),
        )
        .await["category"]
            .clone()
    }

    async fn catalog(&mut self) {
        let main = self.product("main", "ACTIVE", 1).await;
        let draft = self.product("draft", "DRAFT", 2).await;
        let spare = self.product("spare", "ACTIVE", 1).await;
        self.ids.set("product", &main["id"]);
        self.ids.set("variant", &main["variants"]["nodes"][0]["id"]);
        self.ids.set("image", &main["images"]["nodes"][0]["id"]);
        self.ids.set("slug", &main["slug"]);
        self.ids.set("sku", &main["variants"]["nodes"][0]["sku"]);
        self.ids.set("externalId", &main["externalId"]);
        self.ids.set("draft", &draft["id"]);
        self.ids.set("draftSlug", &draft["slug"]);
        self.ids.set("draftVariant", &draft["variants"]["nodes"][0]["id"]);
        self.ids.set("spareVariant", &draft["variants"]["nodes"][1]["id"]);
        self.ids.set("spareProduct", &spare["id"]);
        let (main, spare) = (self.category("main").await, self.category("spare").await);
        self.owner(
            "mutation($input: ProductCategoriesSetInput!) { productCategoriesSet(input: $input) { userErrors { code message } } }",
            json!({ "id": self.ids.get("product"), "categoryIds": [main["id"]] }),
        )
        .await;
        self.ids.set("category", &main["id"]);
        self.ids.set("categorySlug", &main["slug"]);
        self.ids.set("spareCategory", &spare["id"]);
    }

    async fn places(&mut self) {
        let owner = self.vendor.owner().clone();
        let locations = owner.run("{ inventoryLocations(first: 5) { nodes { id } } }", json!({})).await;
        self.ids.set("location", &locations.root()["nodes"][0]["id"]);
        let second = self
            .owner(
                "mutation($input: InventoryLocationCreateInput!) { inventoryLocationCreate(input: $input) { location { id } userErrors { code message } } }",
                json!({ "code": format!("{}-2", self.marker), "name": self.marker, "sellable": false }),
            )
            .await;
        self.ids.set("location2", &second["location"]["id"]);
        let methods = owner.run("{ shippingMethods { id } }", json!({})).await;
        self.ids.set("shippingMethod", &methods.root()[0]["id"]);
        let items = owner
            .run(
                "query($v: ID!) { inventoryItems(first: 1, filter: { variantId: $v }) { nodes { id } } }",
                json!({ "v": self.ids.get("variant") }),
            )
            .await;
        self.ids.set("item", &items.root()["nodes"][0]["id"]);
        let movements = owner.run("{ inventoryMovements(first: 1) { nodes { id } } }", json!({})).await;
        self.ids.set("movement", &movements.root()["nodes"][0]["id"]);
    }

    async fn people(&mut self) {
        let owner = self.vendor.owner().clone();
        let roles = owner.run("{ roles(first: 50) { nodes { id preset } } }", json!({})).await;
        let roles = roles.root()["nodes"].as_array().expect("roles").clone();
        let role = |preset: &str| {
            roles.iter().find(|role| role["preset"] == preset).expect("a preset")["id"].clone()
        };
        self.ids.set("role", &role("VIEWER"));
        self.ids.set("editorRole", &role("EDITOR"));
        for _ in 0..3 {
            self.vendor.member("VIEWER").await;
        }
        let team = owner.run("{ team(first: 10) { nodes { id email role { preset } } } }", json!({})).await;
        let members = team.root()["nodes"].as_array().expect("a team").clone();
        let viewers: Vec<&Value> = members.iter().filter(|m| m["role"]["preset"] == "VIEWER").collect();
        self.ids.set("member", &viewers[0]["id"]);
        self.ids.set("memberEmail", &viewers[0]["email"]);
        self.ids.set("spareMember", &viewers[1]["id"]);
        self.ids.set("challengedEmail", &viewers[2]["email"]);
        let invited = self
            .owner(
                "mutation($input: TeamInviteInput!) { teamInvite(input: $input) { token invitation { id } userErrors { code message } } }",
                json!({ "email": format!("invited@{}.test", self.marker.to_lowercase()), "roleId": role("VIEWER") }),
            )
            .await;
        self.ids.set("invitationToken", &invited["token"]);
        self.shopper().await;
    }

    async fn shopper(&mut self) {
        let email = format!("customer@{}.test", self.marker.to_lowercase());
        self.ids.0.insert("customerEmail", email.clone());
        let visitor = self.vendor.visitor();
        let registered = visitor
            .run(
                "mutation($input: CustomerRegisterInput!) { customerRegister(input: $input) {
                   session { id accessToken } viewer { customer { id } } userErrors { code message } } }",
                json!({ "input": { "email": email, "password": PASSWORD, "firstName": self.marker } }),
            )
            .await;
        let registered = registered.ok();
        self.ids.set("customer", &registered["viewer"]["customer"]["id"]);
        self.customer = visitor.clone().with_token(text(&registered["session"]["accessToken"]));
        let login = "mutation($input: CustomerLoginInput!) { customerLogin(input: $input) { session { id refreshToken } userErrors { code } } }";
        let login = visitor.run(login, json!({ "input": { "email": email, "password": PASSWORD } })).await;
        self.ids.set("session", &login.ok()["session"]["id"]);
        self.ids.set("refreshToken", &login.ok()["session"]["refreshToken"]);
        for name in ["address", "spareAddress"] {
            let mut line = address();
            line["company"] = json!(self.marker);
            let made = self
                .customer
                .run(
                    "mutation($input: AddressCreateInput!) { addressCreate(input: $input) { address { id } userErrors { code message } } }",
                    json!({ "input": { "address": line } }),
                )
                .await;
            self.ids.set(name, &made.ok()["address"]["id"]);
        }
    }

    async fn feed(&self, app: &TestApp, file: &[u8], source: &str) -> Value {
        let start = "mutation($input: ImportStartInput!) { importStart(input: $input) { importJob { id } userErrors { code message } } }";
        let input = json!({ "input": { "file": null, "language": "en", "source": source } });
        let started = self.vendor.owner().upload(start, input, "variables.input.file", file).await;
        app.settle().await;
        started.ok()["importJob"]["id"].clone()
    }

    async fn feeds(&mut self, app: &TestApp) {
        let mut rows = "id\ttitle\tlink\timage_link\tavailability\tprice\tbrand\n".to_owned();
        for n in 0..3 {
            let marker = self.marker;
            rows += &format!(
                "{marker}-F{n}\t{marker} {n}\thttps://s.example/p/{n}\thttps://s.example/i/{n}.jpg\tin_stock\t5.00 EUR\t{marker}\n"
            );
        }
        let job = self.feed(app, rows.as_bytes(), "main").await;
        self.ids.set("importJob", &job);
        let staged =
            self.vendor.owner().run("{ marketplaceProducts(first: 3) { nodes { id } } }", json!({})).await;
        self.ids.set("staged", &staged.root()["nodes"][0]["id"]);
        let published = self
            .owner(
                "mutation($input: MarketplaceProductsPublishInput!) { marketplaceProductsPublish(input: $input) { job { id } userErrors { code message } } }",
                json!({ "filter": { "search": format!("{} 2", self.marker) } }),
            )
            .await;
        self.ids.set("publishJob", &published["job"]["id"]);
        app.settle().await;
    }

    /// An import that nobody has begun, to be cancelled and begun again.
    async fn waiting_import(&mut self) {
        let started = self
            .owner(
                "mutation($input: ImportStartInput!) { importStart(input: $input) { importJob { id } userErrors { code message } } }",
                json!({ "url": "http://127.0.0.1:1/feed.tsv", "language": "en", "source": "waiting" }),
            )
            .await;
        self.ids.set("waitingImport", &started["importJob"]["id"]);
    }

    /// Somebody who must choose a new password before they are logged in.
    async fn challenge(&mut self, app: &TestApp) {
        let email = self.ids.get("challengedEmail").to_owned();
        let forced = "UPDATE users SET must_change_password = true WHERE email = $1";
        assert_eq!(app.owner_sql().await.execute(forced, &[&email]).await.expect("an update"), 1);
        let login = "mutation($input: LoginInput!) { teamLogin(input: $input) { challenge { id } userErrors { code } } }";
        let input = json!({ "input": { "email": email, "password": PASSWORD } });
        let login = self.vendor.visitor().run(login, input).await;
        self.ids.set("challenge", &login.ok()["challenge"]["id"]);
    }

    async fn cart(&self, client: &Client) -> String {
        self.vendor.ready_cart(client, &[(self.ids.get("variant"), 2)]).await
    }

    async fn carts(&mut self) {
        for name in ["cart", "checkoutCart", "clearCart", "loginCart"] {
            let token = self.cart(&self.vendor.visitor()).await;
            self.ids.0.insert(name, token);
        }
        let query = "query($token: String) { cart(token: $token) { id lines { id } } }";
        let cart = self.vendor.visitor().run(query, json!({ "token": self.ids.get("cart") })).await;
        self.ids.set("cartId", &cart.root()["id"]);
        self.ids.set("cartLine", &cart.root()["lines"][0]["id"]);
        self.vendor
            .visitor()
            .run(
                "mutation($input: CartUpdateInput!) { cartUpdate(input: $input) { userErrors { code } } }",
                json!({ "input": { "token": self.ids.get("cart"), "note": self.marker } }),
            )
            .await
            .ok();
    }

    async fn order(&self, key: &str, gateway: Value) -> Value {
        self.order_of(&self.vendor.visitor(), key, gateway).await
    }

    async fn order_of(&self, client: &Client, key: &str, gateway: Value) -> Value {
        let token = self.cart(client).await;
        let placed = client
            .run(
                "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) {
                   order { id number token lines { id } } payment { id } userErrors { code message } } }",
                json!({ "input": { "token": token, "idempotencyKey": key, "payment": gateway } }),
            )
            .await;
        assert!(placed.root()["order"]["id"].is_string(), "{:#}", placed.body);
        placed.root().clone()
    }

    async fn orders(&mut self, more: usize) {
        let pays = |outcome: &str| json!({ "gateway": "test", "data": { "outcome": outcome } });
        let later = json!({ "gateway": "manual" });
        // One vendor has more orders than the other, so that its last number is not the other's as well.
        for n in 0..more {
            self.order(&format!("more{n}"), pays("approve")).await;
        }
        self.order_of(&self.customer, "own", later.clone()).await;
        let pending = self.order("pending", later.clone()).await;
        self.ids.set("pendingOrder", &pending["order"]["id"]);
        let declined = self.order("declined", pays("decline")).await;
        self.ids.set("declinedToken", &declined["order"]["token"]);
        let cancelled = self.order("cancel", later).await;
        self.ids.set("cancelOrder", &cancelled["order"]["id"]);
        let sent = self.order("sent", pays("approve")).await;
        self.ids.set("sentOrder", &sent["order"]["id"]);
        let shipped = self
            .owner(
                "mutation($input: OrderShipInput!) { orderShip(input: $input) { fulfilment { id } userErrors { code message } } }",
                json!({ "id": sent["order"]["id"], "carrier": self.marker }),
            )
            .await;
        self.ids.set("fulfilment", &shipped["fulfilment"]["id"]);
        let paid = self.order("paid", pays("approve")).await;
        self.ids.set("order", &paid["order"]["id"]);
        self.ids.set("orderToken", &paid["order"]["token"]);
        self.ids.set("orderNumber", &paid["order"]["number"]);
        self.ids.set("orderLine", &paid["order"]["lines"][0]["id"]);
        self.ids.set("payment", &paid["payment"]["id"]);
    }
}
