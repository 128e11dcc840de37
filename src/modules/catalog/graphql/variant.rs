//! Variants: what is sold.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::loaders::Extended as _;
use super::{Image, Product, loaders};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::money::Money as Amount;
use crate::framework::permission::Permission;
use crate::framework::tax::TaxClass;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::Money;
use crate::modules::catalog::model::{Availability, VariantOption, VariantRow};
use crate::modules::catalog::rules;

/// One option of a variant: `Size: M`.
#[derive(SimpleObject, Clone)]
pub struct SelectedOption {
    /// The option, `Size`.
    pub name: String,
    /// Its value, `M`.
    pub value: String,
}

/// One option of a variant: `Size: M`.
#[derive(InputObject, Clone)]
pub struct SelectedOptionInput {
    /// The option, `Size` (1 to 100 characters).
    pub name: String,
    /// Its value, `M` (1 to 200 characters).
    pub value: String,
}

/// A variant of a product: what is put into carts, priced and kept in inventory.
pub struct ProductVariant {
    // Shares the list that it was read with.
    rows: Arc<[VariantRow]>,
    index: usize,
    product: Option<Product>,
}

impl ProductVariant {
    /// A variant that was asked for by its id.
    pub(super) fn alone(rows: Arc<[VariantRow]>) -> Self {
        Self { rows, index: 0, product: None }
    }
    /// A variant that was reached from its product.
    pub(super) fn of(product: &Product, rows: &Arc<[VariantRow]>, index: usize) -> Self {
        Self { rows: rows.clone(), index, product: Some(product.clone()) }
    }
    /// What was read.
    pub fn row(&self) -> &VariantRow {
        &self.rows[self.index]
    }
    fn available(&self) -> i64 {
        self.row().available.unwrap_or(0)
    }
    fn money(&self, ctx: &Context<'_>, minor: Option<i64>) -> Result<Option<Money>> {
        money(ctx, minor)
    }
}

/// An amount in the vendor's currency.
pub(super) fn money(ctx: &Context<'_>, minor: Option<i64>) -> Result<Option<Money>> {
    let Some(minor) = minor else { return Ok(None) };
    let currency = ctx.ctx().vendor().extended(ctx)?.currency;
    Amount::new(minor, currency)
        .map(|amount| Some(Money(amount)))
        .map_err(|_| ApiError::new(ErrorCode::Internal, "A stored amount is out of range.").extend(ctx.ctx()))
}

/// The options that a row keeps as JSON.
pub(super) fn options_of(row: &VariantRow) -> Vec<VariantOption> {
    if row.options == "[]" {
        return Vec::new();
    }
    serde_json::from_str(&row.options).unwrap_or_default()
}

/// A variant of a product: what is put into carts, priced and kept in inventory.
#[Object]
impl ProductVariant {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.row().id.into()
    }
    /// The product that it is a variant of.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product> {
        if let Some(product) = &self.product {
            return Ok(product.clone());
        }
        let row = loaders::product_row(ctx, self.row().product_id).await?;
        row.map(Product::new).ok_or_else(|| {
            ApiError::new(ErrorCode::ProductNotFound, "There is no such product.").extend(ctx.ctx())
        })
    }
    /// The vendor's number for it, unique among the living.
    async fn sku(&self) -> Option<&str> {
        self.row().sku.as_deref()
    }
    /// What tells it from the product's other variants.
    async fn title(&self) -> &str {
        &self.row().title
    }
    /// The global trade item number: 8, 12, 13 or 14 digits, or an ISBN-10.
    async fn gtin(&self) -> Option<&str> {
        self.row().gtin.as_deref()
    }
    /// The id that a system outside gave it.
    async fn external_id(&self) -> Option<&str> {
        self.row().external_id.as_deref()
    }
    /// Its place among the product's variants.
    async fn position(&self) -> i32 {
        self.row().position
    }
    /// The price now, in the vendor's price mode; null without one.
    async fn price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        self.money(ctx, self.row().amount)
    }
    /// The price that this one is compared with; given to shoppers only where it is above the price and
    /// `lowestPriorPrice` is known.
    async fn compare_at_price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        let row = self.row();
        let shown = match super::is_team(ctx.ctx()) {
            true => row.compare_at,
            false => rules::shown_reduction(row.amount, row.compare_at, row.lowest_prior)
                .map(|(compare, _)| compare),
        };
        self.money(ctx, shown)
    }
    /// The lowest price of the 30 days before the present reduction (98/6/EC, article 6a). Storefronts must show it
    /// wherever they announce a reduction. Null where the price is not a reduction, or was never higher.
    async fn lowest_prior_price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        let row = self.row();
        let shown = rules::shown_reduction(row.amount, row.compare_at, row.lowest_prior);
        self.money(ctx, shown.map(|(_, lowest)| lowest))
    }
    /// What kind of tax rate it takes.
    async fn tax_class(&self) -> TaxClass {
        self.row().tax_class
    }
    /// Whether, and how, it can be had.
    async fn availability(&self, ctx: &Context<'_>) -> Availability {
        let row = self.row();
        rules::availability(
            row.unlimited,
            row.policy,
            row.policy_limit,
            self.available(),
            row.available_from,
            ctx.ctx().now(),
        )
    }
    /// How many there are. For the team (`INVENTORY_READ`) exactly what is on hand and not reserved; for others null, or
    /// no more than the vendor shows. Null for what is not counted.
    async fn available_quantity(&self, ctx: &Context<'_>) -> Option<i32> {
        if self.row().unlimited {
            return None;
        }
        let available = self.available();
        let shown = match ctx.ctx().can(Permission::InventoryRead) {
            true => available,
            false => {
                let cap = ctx.ctx().vendor_opt().and_then(|vendor| vendor.shown_quantity_cap)?;
                available.clamp(0, i64::from(cap.max(0)))
            }
        };
        i32::try_from(shown).ok()
    }
    /// From when a preorder is delivered.
    async fn available_from(&self) -> Option<DateTime> {
        self.row().available_from.map(DateTime::from)
    }
    /// Whether the smallest quantity can be put into a cart now.
    async fn can_add_to_cart(&self) -> bool {
        let row = self.row();
        let promised = rules::promised(row.policy, row.policy_limit, self.available());
        rules::can_add(row.published, row.amount.is_some(), row.unlimited, promised, row.min_quantity)
    }
    /// The smallest quantity of a cart line.
    async fn min_quantity(&self) -> i32 {
        self.row().min_quantity
    }
    /// The largest quantity of a cart line; null where there is no limit.
    async fn max_quantity(&self) -> Option<i32> {
        self.row().max_quantity
    }
    /// Quantities are multiples of it.
    async fn quantity_step(&self) -> i32 {
        self.row().quantity_step
    }
    /// Whether it goes into a parcel.
    async fn requires_shipping(&self) -> bool {
        self.row().requires_shipping
    }
    /// Its own picture, else the product's first.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        let Some(product) = &self.product else {
            return super::load_variant_image(ctx, self.row().id).await;
        };
        let images = product.images(ctx).await?;
        let own = self.row().image_id.and_then(|id| images.iter().position(|image| image.id == id));
        Ok((!images.is_empty()).then(|| Image::new(images, own.unwrap_or(0))))
    }
    /// Its options.
    async fn selected_options(&self) -> Vec<SelectedOption> {
        options_of(self.row())
            .into_iter()
            .map(|option| SelectedOption { name: option.name, value: option.value })
            .collect()
    }
    /// Counts changes; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.row().version
    }
}
