//! The same answers without a database: axum and async-graphql over values that are in memory already. What remains is
//! what every GraphQL server in Rust has to do: read HTTP, parse and check the document, walk it, write JSON.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_graphql::{
    ComplexObject, Context, EmptySubscription, ID, Object, OutputType, Schema, SimpleObject, scalar,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::client::Client;
use crate::report::Row;

type Baseline = Schema<Query, Mutation, EmptySubscription>;
type Answers = HashMap<String, Arc<Roots>>;

/// Serves the recorded answers; the header `X-Vendor` names the scenario. Prints its address when it listens.
pub async fn serve(answers: &Path) -> Result<()> {
    let answers: HashMap<String, Roots> = serde_json::from_slice(&std::fs::read(answers)?)?;
    let answers: Answers = answers.into_iter().map(|(name, roots)| (name, Arc::new(roots))).collect();
    let schema = Schema::build(Query, Mutation, EmptySubscription).limit_depth(15).finish();
    let router = Router::new()
        .route("/graphql", post(execute))
        .route("/health/ready", get(async || "ok"))
        .with_state((schema, Arc::new(answers)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn execute(
    State((schema, answers)): State<(Baseline, Arc<Answers>)>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let scenario = headers.get("x-vendor").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = serde_json::from_slice(&body).unwrap_or_else(|_| async_graphql::Request::new(""));
    let roots = answers.get(scenario).cloned().unwrap_or_default();
    let answer = schema.execute(request.data(roots)).await;
    (
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        serde_json::to_vec(&answer).unwrap_or_default(),
    )
}

/// Whether it answers as the real server did.
pub fn check(address: &str, row: &Row) -> Result<()> {
    let mut client = Client::connect(address)?;
    for (request, recorded) in &row.answers {
        let data = client.data(&request.to_vendor(&row.name))?;
        if data != *recorded {
            return Err(format!("{}: the baseline's answer differs:\n{data}\n{recorded}", row.name).into());
        }
    }
    Ok(())
}

/// What a scenario's requests are answered with.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Roots {
    products: Connection<Product>,
    product: Product,
    cart_create: Payload,
    cart_lines_add: Payload,
    cart_update: Payload,
    checkout_complete: Payload,
}

fn roots<'a>(ctx: &Context<'a>) -> &'a Roots {
    ctx.data_unchecked::<Arc<Roots>>()
}

struct Query;
#[Object]
impl Query {
    async fn products<'a>(
        &self,
        ctx: &Context<'a>,
        first: Option<i32>,
        search: Option<String>,
    ) -> &'a Connection<Product> {
        let _ = (first, search);
        &roots(ctx).products
    }
    async fn product<'a>(&self, ctx: &Context<'a>, id: ID) -> &'a Product {
        let _ = id;
        &roots(ctx).product
    }
}

#[derive(Serialize, Deserialize)]
struct CartCreateInput(Value);
#[derive(Serialize, Deserialize)]
struct CartLinesAddInput(Value);
#[derive(Serialize, Deserialize)]
struct CartUpdateInput(Value);
#[derive(Serialize, Deserialize)]
struct CheckoutCompleteInput(Value);
scalar!(CartCreateInput);
scalar!(CartLinesAddInput);
scalar!(CartUpdateInput);
scalar!(CheckoutCompleteInput);

struct Mutation;
#[Object]
impl Mutation {
    async fn cart_create<'a>(&self, ctx: &Context<'a>, input: Option<CartCreateInput>) -> &'a Payload {
        drop(input);
        &roots(ctx).cart_create
    }
    async fn cart_lines_add<'a>(&self, ctx: &Context<'a>, input: CartLinesAddInput) -> &'a Payload {
        drop(input);
        &roots(ctx).cart_lines_add
    }
    async fn cart_update<'a>(&self, ctx: &Context<'a>, input: CartUpdateInput) -> &'a Payload {
        drop(input);
        &roots(ctx).cart_update
    }
    async fn checkout_complete<'a>(&self, ctx: &Context<'a>, input: CheckoutCompleteInput) -> &'a Payload {
        drop(input);
        &roots(ctx).checkout_complete
    }
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Payload {
    cart: Option<Cart>,
    order: Option<Order>,
    payment: Option<Payment>,
    warnings: Vec<Problem>,
    user_errors: Vec<Problem>,
}

/// Only ever an empty list: a refusal ends the measurement.
#[derive(SimpleObject, Deserialize, Default)]
#[serde(default)]
struct Problem {
    code: String,
    field: Option<Vec<String>>,
    message: String,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
#[graphql(concrete(name = "ProductConnection", params(Product)))]
#[graphql(concrete(name = "ProductVariantConnection", params(Variant)))]
#[graphql(concrete(name = "ImageConnection", params(Image)))]
struct Connection<T: OutputType> {
    nodes: Vec<T>,
    page_info: PageInfo,
    facets: Facets,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(default)]
struct Facets {
    brands: Vec<BrandFacet>,
    categories: Vec<CategoryFacet>,
}

#[derive(SimpleObject, Deserialize)]
struct BrandFacet {
    value: String,
    count: i32,
}

#[derive(SimpleObject, Deserialize)]
struct CategoryFacet {
    category: Category,
    count: i32,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(default)]
struct Category {
    id: ID,
    name: String,
    ancestors: Vec<Category>,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
#[graphql(complex)]
struct Product {
    id: ID,
    title: String,
    slug: String,
    description: Option<String>,
    brand: Option<String>,
    price: Option<Money>,
    price_range: Option<PriceRange>,
    featured_image: Option<Image>,
    options: Vec<ProductOption>,
    categories: Vec<Category>,
    #[graphql(skip)]
    images: Connection<Image>,
    #[graphql(skip)]
    variants: Connection<Variant>,
}

#[ComplexObject]
impl Product {
    async fn images(&self, first: Option<i32>) -> &Connection<Image> {
        let _ = first;
        &self.images
    }
    async fn variants(&self, first: Option<i32>) -> &Connection<Variant> {
        let _ = first;
        &self.variants
    }
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Variant {
    id: ID,
    sku: Option<String>,
    title: String,
    price: Option<Money>,
    compare_at_price: Option<Money>,
    lowest_prior_price: Option<Money>,
    availability: String,
    can_add_to_cart: bool,
    selected_options: Vec<SelectedOption>,
    image: Option<Image>,
}

#[derive(SimpleObject, Deserialize)]
struct SelectedOption {
    name: String,
    value: String,
}

#[derive(SimpleObject, Deserialize)]
struct ProductOption {
    name: String,
    values: Vec<String>,
}

#[derive(SimpleObject, Deserialize)]
struct PriceRange {
    min: Money,
    max: Money,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Money {
    amount: String,
    currency_code: String,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Image {
    url: String,
    alt_text: Option<String>,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Cart {
    token: Option<String>,
    item_count: i32,
    subtotal: Money,
    tax_total: Money,
    total: Money,
    taxes: Vec<TaxLine>,
    lines: Vec<Line>,
    shipping_methods: Vec<ShippingMethod>,
    missing: Vec<String>,
}

#[derive(SimpleObject, Deserialize)]
struct TaxLine {
    rate: String,
    tax: Money,
}

#[derive(SimpleObject, Deserialize)]
struct ShippingMethod {
    id: ID,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    id: ID,
    title: String,
    quantity: i32,
    available: bool,
    unit_price: Money,
    price_changed: bool,
    total: Money,
}

#[derive(SimpleObject, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Order {
    id: ID,
    number: String,
    token: Option<String>,
    status: String,
    payment_status: String,
    total: Money,
    lines: Vec<Line>,
}

#[derive(SimpleObject, Deserialize)]
struct Payment {
    id: ID,
    status: String,
}
