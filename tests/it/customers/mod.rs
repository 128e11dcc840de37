//! Customers: at one vendor only, with what is theirs only, and with the cart that they brought along.

use crate::support::{PASSWORD, TestApp, json, text};

const REGISTER: &str = "mutation($input: CustomerRegisterInput!) { customerRegister(input: $input) {
    session { accessToken } viewer { kind } cart { itemCount } userErrors { code field } } }";
const LOGIN: &str = "mutation($input: CustomerLoginInput!) { customerLogin(input: $input) {
    session { accessToken } cart { itemCount lines { quantity } } warnings { code } userErrors { code } } }";

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_is_another_customer_at_another_vendor() {
    let app = TestApp::start().await;
    let (acme, belle) = (app.vendor("ACME").await, app.vendor("BELLE").await);
    let input = json!({ "input": { "email": "anna@example.test", "password": PASSWORD } });
    let at_acme = acme.visitor().run(REGISTER, input.clone()).await;
    assert_eq!(at_acme.ok()["viewer"]["kind"], "CUSTOMER");
    belle.visitor().run(REGISTER, input.clone()).await.ok();
    assert_eq!(acme.visitor().run(REGISTER, input).await.refusals(), ["EMAIL_TAKEN"]);
    let token = text(&at_acme.ok()["session"]["accessToken"]);
    let elsewhere = belle.visitor().with_token(token).run("{ viewer { kind } }", json!({})).await;
    assert_eq!(elsewhere.code(), "UNAUTHORIZED_VENDOR_ACCESS");
    let weak = json!({ "input": { "email": "ben@example.test", "password": "password12" } });
    assert_eq!(acme.visitor().run(REGISTER, weak).await.refusals(), ["WEAK_PASSWORD"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_only_their_own_orders_and_carts() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Lamp", "10.00", 10).await;
    let (anna, ben) = (acme.customer().await, acme.customer().await);
    let cart = acme.ready_cart(&anna, &[(&goods.variant, 1)]).await;
    let order = acme.checkout(&anna, &cart, "k", "approve").await.ok()["order"].clone();
    let by_id = "query($id: ID!) { order(id: $id) { number } }";
    let by_number = "query($number: String!) { order(number: $number) { number } }";
    assert_eq!(anna.run(by_id, json!({ "id": order["id"] })).await.root()["number"], order["number"]);
    for (query, variables) in
        [(by_id, json!({ "id": order["id"] })), (by_number, json!({ "number": order["number"] }))]
    {
        assert!(ben.run(query, variables.clone()).await.root().is_null());
        assert!(acme.visitor().run(query, variables).await.root().is_null());
    }
    let bens = acme.ready_cart(&ben, &[(&goods.variant, 1)]).await;
    let stolen = anna.run("query($t: String!) { cart(token: $t) { itemCount } }", json!({ "t": bens })).await;
    assert!(stolen.root().is_null(), "a customer's cart is theirs alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guests_cart_comes_along_and_of_the_same_variant_the_larger_quantity_wins() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Lamp", "10.00", 10).await;
    let guest = acme.ready_cart(&acme.visitor(), &[(&goods.variant, 2)]).await;
    let input =
        json!({ "input": { "email": "anna@example.test", "password": PASSWORD, "cartToken": guest } });
    assert_eq!(acme.visitor().run(REGISTER, input).await.ok()["cart"]["itemCount"], 2);
    let second = acme.ready_cart(&acme.visitor(), &[(&goods.variant, 5)]).await;
    let input =
        json!({ "input": { "email": "ANNA@example.test", "password": PASSWORD, "cartToken": second } });
    let login = acme.visitor().run(LOGIN, input).await;
    assert_eq!(login.ok()["cart"]["lines"], json!([{ "quantity": 5 }]));
    let wrong = json!({ "input": { "email": "anna@example.test", "password": "something else entirely" } });
    let nobody =
        json!({ "input": { "email": "nobody@example.test", "password": "something else entirely" } });
    let (wrong, nobody) = (acme.visitor().run(LOGIN, wrong).await, acme.visitor().run(LOGIN, nobody).await);
    assert_eq!(wrong.codes(), ["INVALID_CREDENTIALS"]);
    assert_eq!(wrong.codes(), nobody.codes());
}
