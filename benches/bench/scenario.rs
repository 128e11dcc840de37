//! What is measured.

use serde_json::{Value, json};

use crate::client::{Client, Request};
use crate::load::Load;
use crate::report::Row;
use crate::{Error, Options, Result};

const LIST: &str = "query List($first: Int!) { products(first: $first) { nodes { id title slug brand
    price { amount currencyCode } priceRange { min { amount } max { amount } } featuredImage { url altText }
    variants(first: 10) { nodes { id sku title price { amount currencyCode } compareAtPrice { amount } availability
      canAddToCart selectedOptions { name value } image { url } } } } pageInfo { endCursor hasNextPage } } }";

const PAGE: &str =
    "query Page($id: ID!) { product(id: $id) { id title slug description brand price { amount currencyCode }
    images(first: 10) { nodes { url altText } } options { name values }
    variants(first: 50) { nodes { id sku title price { amount currencyCode } compareAtPrice { amount }
      lowestPriorPrice { amount } availability canAddToCart selectedOptions { name value } } }
    categories { id name ancestors { id name } } } }";

const SEARCH: &str = "query Search($first: Int!, $search: String!) { products(first: $first, search: $search) {
    nodes { id title slug price { amount currencyCode } featuredImage { url altText }
      variants(first: 10) { nodes { id price { amount } availability } } }
    facets { brands { value count } categories { category { id name } count } } pageInfo { endCursor hasNextPage } } }";

const CREATE: &str = "mutation Create($input: CartCreateInput) { cartCreate(input: $input) {
    cart { token shippingMethods { id } } userErrors { code field message } } }";

const ADD: &str = "mutation Add($input: CartLinesAddInput!) { cartLinesAdd(input: $input) {
    cart { itemCount subtotal { amount } taxTotal { amount } total { amount } taxes { rate tax { amount } }
      lines { id title quantity available unitPrice { amount } priceChanged total { amount } } }
    warnings { code } userErrors { code field message } } }";

const UPDATE: &str = "mutation Update($input: CartUpdateInput!) { cartUpdate(input: $input) {
    cart { missing total { amount } } userErrors { code field message } } }";

const CHECKOUT: &str = "mutation Checkout($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) {
    order { id number token status paymentStatus total { amount currencyCode }
      lines { id title quantity total { amount } } }
    payment { id status } userErrors { code field message } } }";

/// Words that `orion seed` names products with: some 50 of 1,000 have one.
const WORDS: [&str; 6] = ["tent", "lamp", "chair", "kettle", "basket", "towel"];
/// A cart has so many lines at most: later additions raise their quantities.
const LINES: usize = 3;

/// One thing that a client does, in one or more requests.
pub struct Scenario {
    /// For the table.
    pub name: String,
    work: Work,
}

enum Work {
    /// One of these requests.
    One(Vec<Request>),
    /// A line into one of these carts.
    Add(Vec<Cart>),
    /// A cart made, addressed and paid, in one of these shops.
    Checkout(Vec<Shop>),
    /// All of these requests, in their order.
    All(Vec<Request>),
}

/// What the measurements need to know of a vendor.
#[derive(Clone)]
pub struct Shop {
    code: String,
    products: Vec<String>,
    variants: Vec<String>,
}

struct Cart {
    shop: Shop,
    token: String,
}

/// The seeded vendors.
pub struct World {
    address: String,
    shops: Vec<Shop>,
    big: Shop,
}

impl World {
    /// Asks the server.
    pub fn read(address: &str, options: &Options) -> Result<Self> {
        let mut client = Client::connect(address)?;
        let mut shop = |number: u32| Shop::read(&mut client, format!("V{number:04}"));
        let shops = (1..=options.vendors).map(&mut shop).collect::<Result<_>>()?;
        Ok(Self { address: address.to_owned(), shops, big: shop(options.vendors + 1)? })
    }
}

impl Shop {
    fn read(client: &mut Client, code: String) -> Result<Self> {
        let data = client.data(&Request::graphql(&code, LIST, &json!({ "first": 24 })))?;
        let products = &data["products"]["nodes"];
        let variants = list(products).iter().flat_map(|product| list(&product["variants"]["nodes"]));
        let variants =
            variants.filter(|variant| variant["canAddToCart"] == true).map(id).collect::<Result<_>>()?;
        let shop = Self { code, products: list(products).iter().map(id).collect::<Result<_>>()?, variants };
        match shop.variants.is_empty() {
            true => Err(format!("{} sells nothing: seed it first", shop.code).into()),
            false => Ok(shop),
        }
    }
}

/// All of them; makes the carts that lines are added to.
pub fn all(world: &World, load: &Load) -> Result<Vec<Scenario>> {
    let one = |name: &str, requests| Scenario { name: name.to_owned(), work: Work::One(requests) };
    let searches = |shop: &Shop| WORDS.map(|word| search(shop, word));
    let page = |shop: &Shop, index: usize| -> Option<Request> {
        Some(Request::graphql(&shop.code, PAGE, &json!({ "id": shop.products.get(index)? })))
    };
    let pages = (0..24).flat_map(|index| world.shops.iter().filter_map(move |shop| page(shop, index)));
    Ok(vec![
        product_list(world),
        one("product list, large vendor", vec![list_of(&world.big)]),
        one("product page", pages.collect()),
        one("search", world.shops.iter().flat_map(searches).collect()),
        one("search, large vendor", searches(&world.big).to_vec()),
        Scenario { name: "add to cart".into(), work: Work::Add(carts(world, load)?) },
        Scenario { name: "checkout (3 requests)".into(), work: Work::Checkout(world.shops.clone()) },
    ])
}

/// The list of 24 with variants, of each vendor in turn.
pub fn product_list(world: &World) -> Scenario {
    Scenario { name: "product list".into(), work: Work::One(world.shops.iter().map(list_of).collect()) }
}

fn list_of(shop: &Shop) -> Request {
    Request::graphql(&shop.code, LIST, &json!({ "first": 24 }))
}

fn search(shop: &Shop, word: &str) -> Request {
    Request::graphql(&shop.code, SEARCH, &json!({ "first": 24, "search": word }))
}

fn carts(world: &World, load: &Load) -> Result<Vec<Cart>> {
    let mut client = Client::connect(&world.address)?;
    let shops = world.shops.iter().cycle().take(crate::statements::recordings(load));
    shops.map(|shop| Ok(Cart { shop: shop.clone(), token: create_cart(&mut client, shop, 0)?.0 })).collect()
}

/// The cart's token and its first shipping method.
fn create_cart(client: &mut Client, shop: &Shop, number: usize) -> Result<(String, Value)> {
    let variant = &shop.variants[number % shop.variants.len()];
    let input = json!({ "lines": [{ "variantId": variant, "quantity": 1 }], "email": "guest@example.test" });
    let data = client.data(&Request::graphql(&shop.code, CREATE, &json!({ "input": input })))?;
    let cart = &data["cartCreate"]["cart"];
    Ok((text(&cart["token"])?, cart["shippingMethods"][0]["id"].clone()))
}

fn check_out(client: &mut Client, shop: &Shop, number: usize) -> Result<()> {
    let (token, method) = create_cart(client, shop, number)?;
    let update = json!({ "token": token, "shippingMethodId": method, "shippingAddress": {
        "firstName": "Anna", "lastName": "Muller", "line1": "1, rue de la Gare", "city": "Luxembourg",
        "postalCode": "1611", "countryCode": "LU" } });
    client.send(&Request::graphql(&shop.code, UPDATE, &json!({ "input": update })))?;
    let complete = json!({ "token": token, "idempotencyKey": token,
                           "payment": { "gateway": "test", "data": { "outcome": "approve" } } });
    client.send(&Request::graphql(&shop.code, CHECKOUT, &json!({ "input": complete })))?;
    Ok(())
}

impl Scenario {
    /// What a row recorded, for the server that has it in memory.
    pub fn replaying(row: &Row) -> Self {
        let again = |(request, _): &(Request, Value)| request.to_vendor(&row.name);
        Self { name: row.name.clone(), work: Work::All(row.answers.iter().map(again).collect()) }
    }

    /// Does it for the `number`-th time; numbers rotate vendors, products, words and carts.
    pub fn run(&self, client: &mut Client, number: usize) -> Result<()> {
        match &self.work {
            Work::One(requests) => client.send(&requests[number % requests.len()]).map(|_| ()),
            Work::All(requests) => requests.iter().try_for_each(|request| client.send(request).map(|_| ())),
            Work::Checkout(shops) => check_out(client, &shops[number % shops.len()], number / shops.len()),
            Work::Add(carts) => {
                let (cart, round) = (&carts[number % carts.len()], number / carts.len());
                let variant = &cart.shop.variants[round % LINES.min(cart.shop.variants.len())];
                let input =
                    json!({ "token": cart.token, "lines": [{ "variantId": variant, "quantity": 1 }] });
                client.send(&Request::graphql(&cart.shop.code, ADD, &json!({ "input": input }))).map(|_| ())
            }
        }
    }

    /// Does it once, and gives its requests with the data that they were answered with.
    pub fn answers(&self, address: &str) -> Result<Vec<(Request, Value)>> {
        let mut client = Client::connect(address)?;
        client.record();
        self.run(&mut client, 0)?;
        Ok(client.recorded())
    }

    /// Whether it writes.
    pub fn writes(&self) -> bool {
        matches!(self.work, Work::Add(_) | Work::Checkout(_))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn id(node: &Value) -> Result<String> {
    text(&node["id"])
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::from(format!("a string was expected, not {value}")))
}
