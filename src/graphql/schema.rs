//! The roots, put together from the modules.

use async_graphql::{Context, ID, Interface, MergedObject, Object, Schema, SchemaBuilder};
use orion_macros::secured;

use super::live::PerMessage;
use super::subscription::Subscription;
use super::types::argument_id;
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::VendorId;
use crate::modules::cart::graphql as cart;
use crate::modules::catalog::graphql::{self as catalog, Category, Product, ProductVariant};
use crate::modules::customers::graphql as customers;
use crate::modules::customers::graphql::{Customer, load_customer};
use crate::modules::events::graphql::EventQuery;
use crate::modules::identity::graphql as identity;
use crate::modules::inventory::graphql as inventory;
use crate::modules::marketplace::graphql as marketplace;
use crate::modules::orders::graphql::{self as orders, Fulfilment, Order, OrdersMutation, OrdersQuery};
use crate::modules::payments::graphql::{self as payments, Payment, PaymentsQuery};
use crate::modules::tenancy::graphql::{Vendor, VendorMutation, VendorQuery};

/// The schema.
pub type OrionSchema = Schema<Query, Mutation, Subscription>;

/// Reading.
#[derive(MergedObject, Default)]
pub struct Query(
    // One a line.
    CoreQuery,
    catalog::CatalogQuery,
    cart::CartQuery,
    inventory::InventoryQuery,
    OrdersQuery,
    PaymentsQuery,
    marketplace::MarketplaceQuery,
    VendorQuery,
    EventQuery,
    identity::ViewerQuery,
    identity::UserQuery,
    identity::TeamQuery,
    identity::AuditQuery,
    customers::CustomerQuery,
);

/// Writing.
#[derive(MergedObject, Default)]
pub struct Mutation(
    // One a line.
    catalog::CatalogMutation,
    cart::CartMutation,
    inventory::InventoryMutation,
    OrdersMutation,
    marketplace::MarketplaceMutation,
    VendorMutation,
    identity::SessionMutation,
    identity::TeamMutation,
    customers::CustomerMutation,
);

/// Anything with an id that `node` can give.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The typed, sortable id."))]
pub enum Node {
    /// A product.
    Product(Product),
    /// A variant.
    ProductVariant(ProductVariant),
    /// A category.
    Category(Category),
    /// A cart: the viewer's own.
    Cart(cart::Cart),
    /// A variant's quantity at a location.
    InventoryItem(inventory::InventoryItem),
    /// A place where inventory is kept.
    InventoryLocation(inventory::InventoryLocation),
    /// An entry of the inventory ledger.
    InventoryMovement(inventory::InventoryMovement),
    /// An order.
    Order(Order),
    /// A parcel.
    Fulfilment(Fulfilment),
    /// A payment.
    Payment(Payment),
    /// An import.
    ImportJob(marketplace::ImportJob),
    /// A publish job.
    PublishJob(marketplace::PublishJob),
    /// A staged product.
    MarketplaceProduct(marketplace::MarketplaceProduct),
    /// The vendor in whose context the request runs.
    Vendor(Vendor),
    /// A customer.
    Customer(Customer),
    /// A person's place in the team.
    TeamMember(identity::TeamMember),
    /// A role of the vendor.
    Role(identity::Role),
}

/// What an error code means.
pub struct ErrorCodeInfo(ErrorCode);

/// What an error code means.
#[Object]
impl ErrorCodeInfo {
    /// The code.
    async fn code(&self) -> ErrorCode {
        self.0
    }
    /// The HTTP status that fits it; GraphQL answers themselves are 200 or 400.
    async fn status(&self) -> i32 {
        i32::from(self.0.status())
    }
    /// When it is used.
    async fn description(&self) -> &'static str {
        self.0.description()
    }
}

/// Loads what an id stands for, if the asker may see it.
pub async fn load_node(ctx: &Context<'_>, id: &str) -> async_graphql::Result<Option<Node>> {
    let prefix = id.rsplit_once('_').map_or("", |(prefix, _)| prefix);
    let id = ID(id.to_owned());
    Ok(match prefix {
        "prod" => catalog::load_product(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Product),
        "var" => catalog::load_variant(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::ProductVariant),
        "cat" => catalog::load_category(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Category),
        "item" => inventory::load_item(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::InventoryItem),
        "loc" => {
            inventory::load_location(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::InventoryLocation)
        }
        "mov" => {
            inventory::load_movement(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::InventoryMovement)
        }
        "cart" => cart::load_cart(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Cart),
        "order" => orders::load_order(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Order),
        "ful" => orders::load_fulfilment(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Fulfilment),
        "pay" => payments::load_payment(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Payment),
        "imp" => marketplace::load_import_job(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::ImportJob),
        "pub" => {
            marketplace::load_publish_job(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::PublishJob)
        }
        "mprod" => marketplace::load_marketplace_product(ctx, argument_id(ctx, &id, "id")?)
            .await?
            .map(Node::MarketplaceProduct),
        "vend" => {
            let id: VendorId = argument_id(ctx, &id, "id")?;
            let vendor = ctx.ctx().vendor_opt().filter(|vendor| vendor.id == id && vendor.active);
            vendor.cloned().map(|vendor| Node::Vendor(Vendor(vendor)))
        }
        "cust" => load_customer(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Customer),
        "member" => {
            identity::load_team_member(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::TeamMember)
        }
        "role" => identity::load_role(ctx, argument_id(ctx, &id, "id")?).await?.map(Node::Role),
        _ => None,
    })
}

/// What belongs to no module.
#[derive(Default)]
pub struct CoreQuery;

#[secured(required)]
#[Object]
impl CoreQuery {
    /// The object behind an id, if the viewer may see it.
    #[permission(PUBLIC)]
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of the API.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        load_node(ctx, &id).await
    }

    /// The objects behind several ids, in their order; null for each that is not there or not visible. At most 100.
    #[permission(PUBLIC)]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Ids of the API, at most 100.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            let error = ApiError::new(ErrorCode::LimitExceeded, "At most 100 ids.").at("ids");
            return Err(error.extend(ctx.ctx()));
        }
        futures::future::try_join_all(ids.iter().map(|id| load_node(ctx, id))).await
    }

    /// Every error code with its meaning.
    #[permission(PUBLIC)]
    async fn error_codes(&self) -> Vec<ErrorCodeInfo> {
        ErrorCode::ALL.iter().copied().map(ErrorCodeInfo).collect()
    }
}

fn limited() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .limit_depth(15)
        .limit_recursive_depth(64)
        .disable_suggestions()
}

/// Builds the schema, with its limits, for queries and mutations.
pub fn build() -> OrionSchema {
    limited().finish()
}

/// The same for connections that stay open: each message has its own context. A schema of its own, because an extension
/// costs every field of every request.
pub fn build_live() -> OrionSchema {
    limited().extension(PerMessage).finish()
}

/// The schema as text, as it is committed in `schema.graphql`.
pub fn sdl() -> String {
    build().sdl_with_options(
        async_graphql::SDLExportOptions::new()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items()
            .prefer_single_line_descriptions(),
    )
}
