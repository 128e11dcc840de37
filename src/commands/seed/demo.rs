//! The demo: two vendors with people, some 200 products with pictures, and orders in every state.

use serde_json::{Value, json};

use super::api::Api;
use super::words::{BRANDS, COLOURS, MATERIALS, QUALITIES, THINGS};
use super::{CommandError, Draw, pictures};
use crate::app::App;

const PASSWORD: &str = "orion-demo-password";

struct Shop {
    code: &'static str,
    name: &'static str,
    gross: bool,
    products: usize,
    categories: &'static [&'static str],
}

const SHOPS: &[Shop] = &[
    Shop {
        code: "ACME",
        name: "Acme Outdoor",
        gross: true,
        products: 120,
        categories: &["Tents", "Lights", "Cooking", "Clothing", "Furniture"],
    },
    Shop {
        code: "BELLE",
        name: "Belle Maison",
        gross: false,
        products: 80,
        categories: &["Living room", "Kitchen", "Bath", "Decoration"],
    },
];

/// Loads the demo into an empty database.
pub async fn demo(app: &App) -> Result<(), CommandError> {
    crate::modules::identity::service::admin_create(app, "admin@orion.test", true, PASSWORD.to_owned())
        .await
        .map_err(super::super::told)?;
    let api = Api::new(app);
    let login = api
        .run(
            "mutation($input: LoginInput!) { adminLogin(input: $input) { session { accessToken } userErrors { message } } }",
            json!({ "email": "admin@orion.test", "password": PASSWORD }),
        )
        .await?;
    let admin = api.with_token(&login["session"]["accessToken"]);
    let mut draw = Draw::new(2026);
    for shop in SHOPS {
        let owner = open(&api, &admin, shop).await?;
        team(&api, &owner, shop).await?;
        let variants = stock(app, &owner, shop, &mut draw).await?;
        orders(&api, &owner, shop, &variants).await?;
        tracing::info!(vendor = shop.code, products = shop.products, "the demo's shop is open");
    }
    Ok(())
}

async fn open(api: &Api, admin: &Api, shop: &Shop) -> Result<Api, CommandError> {
    let lower = shop.code.to_lowercase();
    let email = format!("owner@{lower}.test");
    let created = admin
        .run(
            "mutation($input: VendorCreateInput!) { vendorCreate(input: $input) { vendor { id } temporaryPassword userErrors { message } } }",
            json!({ "name": shop.name, "code": shop.code, "subdomain": lower, "ownerEmail": email, "ownerName": "The owner",
                    "currencyCode": "EUR", "countryCode": "LU", "pricesIncludeTax": shop.gross, "defaultLanguage": "en" }),
        )
        .await?;
    admin
        .run(
            "mutation($input: VendorVerifiedSetInput!) { vendorVerifiedSet(input: $input) { userErrors { message } } }",
            json!({ "id": created["vendor"]["id"], "verified": true }),
        )
        .await?;
    let visitor = api.at(shop.code);
    let login = visitor
        .run(
            "mutation($input: LoginInput!) { teamLogin(input: $input) { challenge { id } userErrors { message } } }",
            json!({ "email": email, "password": created["temporaryPassword"] }),
        )
        .await?;
    let answered = visitor
        .run(
            "mutation($input: SessionChallengeAnswerInput!) { sessionChallengeAnswer(input: $input) { session { accessToken } userErrors { message } } }",
            json!({ "id": login["challenge"]["id"], "kind": "PASSWORD_CHANGE", "newPassword": PASSWORD }),
        )
        .await?;
    Ok(visitor.with_token(&answered["session"]["accessToken"]))
}

async fn team(api: &Api, owner: &Api, shop: &Shop) -> Result<(), CommandError> {
    let roles = owner.run("{ roles(first: 50) { nodes { id preset } } }", Value::Null).await?;
    let roles = roles["nodes"].as_array().cloned().unwrap_or_default();
    for (preset, name) in [("EDITOR", "editor"), ("VIEWER", "viewer")] {
        let role = roles.iter().find(|role| role["preset"] == preset).map(|role| role["id"].clone());
        let invited = owner
            .run(
                "mutation($input: TeamInviteInput!) { teamInvite(input: $input) { token userErrors { message } } }",
                json!({ "email": format!("{name}@{}.test", shop.code.to_lowercase()), "roleId": role }),
            )
            .await?;
        api.at(shop.code)
            .run(
                "mutation($input: TeamInvitationAcceptInput!) { teamInvitationAccept(input: $input) { userErrors { message } } }",
                json!({ "token": invited["token"], "name": format!("The {name}"), "password": PASSWORD }),
            )
            .await?;
    }
    Ok(())
}

async fn stock(app: &App, owner: &Api, shop: &Shop, draw: &mut Draw) -> Result<Vec<String>, CommandError> {
    let mut categories = Vec::new();
    for name in shop.categories {
        let created = owner
            .run(
                "mutation($input: CategoryCreateInput!) { categoryCreate(input: $input) { category { id } userErrors { message } } }",
                json!({ "name": name }),
            )
            .await?;
        categories.push(created["category"]["id"].clone());
    }
    let lower = shop.code.to_lowercase();
    let folder = app.config.data_dir.join("media").join(&lower);
    let mut variants = Vec::new();
    for number in 0..shop.products {
        let title = format!("{} {} {}", draw.one(QUALITIES), draw.one(MATERIALS), draw.one(THINGS));
        let cents = 490 + 10 * draw.below(2_000);
        let colours = 1 + draw.below(3);
        let goods: Vec<Value> = (0..colours)
            .map(|index| {
                let amount = format!("{}.{:02}", (cents + 100 * index) / 100, (cents + 100 * index) % 100);
                json!({
                    "sku": format!("{}-{number:03}-{index}", shop.code), "price": { "amount": amount, "currencyCode": "EUR" },
                    "options": [{ "name": "Colour", "value": COLOURS[index] }], "initialQuantity": 5 + draw.below(60),
                })
            })
            .collect();
        let picture = format!("{number:03}.png");
        pictures::write(&folder, &picture, draw)?;
        let url = format!("http://{}/media/{lower}/{picture}", app.config.listen);
        let status = if number % 20 == 19 { "DRAFT" } else { "ACTIVE" };
        let created = owner
            .run(
                "mutation($input: ProductCreateInput!) { productCreate(input: $input) { product { id variants(first: 5) { nodes { id } } } userErrors { field message } } }",
                json!({ "title": title, "brand": draw.one(BRANDS), "status": status, "categoryIds": [draw.one(&categories)],
                        "description": format!("<p>{title}. Made to last, easy to mend.</p>"),
                        "images": [{ "url": url, "altText": title }], "variants": goods }),
            )
            .await?;
        if status == "ACTIVE" {
            let nodes = created["product"]["variants"]["nodes"].as_array().cloned().unwrap_or_default();
            variants.extend(nodes.iter().filter_map(|node| node["id"].as_str().map(str::to_owned)));
        }
    }
    Ok(variants)
}

async fn orders(api: &Api, owner: &Api, shop: &Shop, variants: &[String]) -> Result<(), CommandError> {
    let visitor = api.at(shop.code);
    let registered = visitor
        .run(
            "mutation($input: CustomerRegisterInput!) { customerRegister(input: $input) { session { accessToken } userErrors { message } } }",
            json!({ "email": format!("customer@{}.test", shop.code.to_lowercase()), "password": PASSWORD,
                    "firstName": "Anna", "lastName": "Muller", "language": "en" }),
        )
        .await?;
    let customer = visitor.with_token(&registered["session"]["accessToken"]);
    // How each order goes: paid by the test gateway, refused by it, or to be paid by hand; then what the team does.
    let stories: &[(&str, &str, &[&str])] = &[
        ("manual", "", &[]),
        ("test", "decline", &[]),
        ("test", "approve", &[]),
        ("test", "approve", &["ship one"]),
        ("test", "approve", &["ship"]),
        ("test", "approve", &["ship", "deliver"]),
        ("manual", "", &["confirm", "ship", "deliver"]),
        ("manual", "", &["cancel"]),
        ("test", "approve", &["cancel"]),
    ];
    for (number, (gateway, outcome, steps)) in stories.iter().enumerate() {
        let buyer = if number % 2 == 0 { &customer } else { &visitor };
        let lines: Vec<Value> = (0..2)
            .map(|line| json!({ "variantId": variants[(number * 7 + line * 3) % variants.len()], "quantity": 1 + line }))
            .collect();
        let created = buyer
            .run(
                "mutation($input: CartCreateInput) { cartCreate(input: $input) { cart { token shippingMethods { id } } userErrors { field message } } }",
                json!({ "lines": lines, "email": format!("guest{number}@example.test") }),
            )
            .await?;
        let cart = &created["cart"];
        buyer
            .run(
                "mutation($input: CartUpdateInput!) { cartUpdate(input: $input) { userErrors { field message } } }",
                json!({ "token": cart["token"], "shippingMethodId": cart["shippingMethods"][0]["id"], "shippingAddress": {
                    "firstName": "Anna", "lastName": "Muller", "line1": "1, rue de la Gare", "city": "Luxembourg",
                    "postalCode": "1611", "countryCode": "LU" } }),
            )
            .await?;
        let payment = match *gateway {
            "test" => json!({ "gateway": gateway, "data": { "outcome": outcome } }),
            _ => json!({ "gateway": gateway }),
        };
        // A declined payment is a refusal too; the order is there all the same. So the errors go by another name.
        let checkout = buyer
            .run(
                "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) { order { id lines { id quantity } } refusals: userErrors { code field } } }",
                json!({ "token": cart["token"], "idempotencyKey": format!("demo-{number}"), "payment": payment }),
            )
            .await?;
        if checkout["order"].is_null() {
            return Err(format!("the demo's order {number} was refused: {}", checkout["refusals"]).into());
        }
        for step in *steps {
            act(owner, &checkout["order"], step).await?;
        }
    }
    Ok(())
}

async fn act(owner: &Api, order: &Value, step: &str) -> Result<(), CommandError> {
    let id = &order["id"];
    let (query, input) = match step {
        "confirm" => (
            "mutation($input: OrderPaymentConfirmInput!) { orderPaymentConfirm(input: $input) { userErrors { message } } }",
            json!({ "id": id, "reference": "bank transfer", "idempotencyKey": format!("confirm {id}") }),
        ),
        "ship one" => (
            "mutation($input: OrderShipInput!) { orderShip(input: $input) { userErrors { message } } }",
            json!({ "id": id, "lines": [{ "orderLineId": order["lines"][0]["id"], "quantity": 1 }], "carrier": "POST Luxembourg" }),
        ),
        "ship" => (
            "mutation($input: OrderShipInput!) { orderShip(input: $input) { userErrors { message } } }",
            json!({ "id": id, "carrier": "POST Luxembourg", "trackingNumber": "LU123456789" }),
        ),
        "deliver" => (
            "mutation($input: OrderDeliverInput!) { orderDeliver(input: $input) { userErrors { message } } }",
            json!({ "id": id }),
        ),
        _ => (
            "mutation($input: OrderCancelInput!) { orderCancel(input: $input) { userErrors { message } } }",
            json!({ "id": id, "reason": "CUSTOMER" }),
        ),
    };
    owner.run(query, input).await.map(|_| ())
}

/// The demo's addresses and logins, for the terminal.
pub fn logins(domain: &str, port: u16) -> String {
    let mut text = String::new();
    for shop in SHOPS {
        let lower = shop.code.to_lowercase();
        text += &format!(
            "  {:<12} http://{lower}.{domain}:{port}/graphql   (or the header X-Vendor: {})\n",
            shop.name, shop.code
        );
    }
    text += &format!("\nEverybody's password is {PASSWORD}:\n  platform admin   admin@orion.test\n");
    for shop in SHOPS {
        let lower = shop.code.to_lowercase();
        text += &format!(
            "  {:<16} owner@{lower}.test, editor@{lower}.test, viewer@{lower}.test, customer@{lower}.test\n",
            shop.name
        );
    }
    text + "\n"
}
