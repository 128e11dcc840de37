//! The catalog's root fields for writing.

use async_graphql::{Context, ID, Object, Result};
use orion_macros::secured;

use super::input::*;
use super::{Category, Product, ProductVariant, loaders};
use crate::framework::context::ContextExt as _;
use crate::framework::id::{CategoryId, ProductId, VariantId};
use crate::graphql::types::DeletePayload;
use crate::graphql::{Payload, UserError, payload};
use crate::modules::catalog::service;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $object:ty } by $id:ty, |$ctx:ident, $value:ident| $load:expr;)*) => { $(
        $(#[$doc])*
        pub struct $name {
            id: Option<$id>,
            errors: Vec<UserError>,
        }
        $(#[$doc])*
        #[Object]
        impl $name {
            $(#[$field_doc])*
            async fn $field(&self, $ctx: &Context<'_>) -> Result<Option<$object>> {
                let Some($value) = self.id else { return Ok(None) };
                $load
            }
            /// Why nothing was changed; empty where it was.
            async fn user_errors(&self) -> &[UserError] {
                &self.errors
            }
        }
        impl Payload for $name {
            type Done = $id;
            fn done(id: $id) -> Self {
                Self { id: Some(id), errors: Vec::new() }
            }
            fn refused(errors: Vec<UserError>) -> Self {
                Self { id: None, errors }
            }
        }
    )* };
}

// Who changed an object sees it as it is now, whatever its status.
payloads! {
    /// A changed product.
    ProductPayload {
        /// The product as it is now; null where it was refused.
        product: Product
    } by ProductId, |ctx, id| Ok(loaders::product_row(ctx, id).await?.map(Product::new));
    /// A changed variant.
    ProductVariantPayload {
        /// The variant as it is now; null where it was refused.
        variant: ProductVariant
    } by VariantId, |ctx, id| Ok(loaders::variant_row(ctx, id).await?.map(ProductVariant::alone));
    /// A changed category.
    CategoryPayload {
        /// The category as it is now; null where it was refused.
        category: Category
    } by CategoryId, |ctx, id| Ok(loaders::tree(ctx).await?.get(id).cloned().map(Category));
}

/// The catalog's root fields for writing.
#[derive(Default)]
pub struct CatalogMutation;

/// The catalog's root fields for writing.
#[secured(required)]
#[Object]
impl CatalogMutation {
    /// Makes a product with its variants. Anything but a draft needs `PRODUCTS_PUBLISH` as well.
    #[permission(PRODUCTS_WRITE)]
    async fn product_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new product.")] input: ProductCreateInput,
    ) -> Result<Option<ProductPayload>> {
        payload(ctx.ctx(), service::product::create(ctx.ctx(), input).await).map(Some)
    }
    /// Changes a product: what is omitted stays, null clears, a list replaces the list. Changed fields are a person's own
    /// from then on: imports leave them alone.
    #[permission(PRODUCTS_WRITE)]
    async fn product_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product, and what to change.")] input: ProductUpdateInput,
    ) -> Result<Option<ProductPayload>> {
        payload(ctx.ctx(), service::product::update(ctx.ctx(), input).await).map(Some)
    }
    /// Publishes, unpublishes or archives a product.
    #[permission(PRODUCTS_PUBLISH)]
    async fn product_status_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product and its new status.")] input: ProductStatusSetInput,
    ) -> Result<Option<ProductPayload>> {
        payload(ctx.ctx(), service::product::set_status(ctx.ctx(), input).await).map(Some)
    }
    /// Deletes a product with its variants. Orders keep what they sold, and an import does not bring it back.
    #[permission(PRODUCTS_DELETE)]
    async fn product_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product to delete.")] input: ProductDeleteInput,
    ) -> Result<Option<DeletePayload>> {
        let done = service::product::delete(ctx.ctx(), input).await;
        payload(ctx.ctx(), done.map(ID::from)).map(Some)
    }
    /// Adds a variant to a product.
    #[permission(PRODUCTS_WRITE)]
    async fn product_variant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product and its new variant.")] input: ProductVariantCreateInput,
    ) -> Result<Option<ProductVariantPayload>> {
        payload(ctx.ctx(), service::variant::create(ctx.ctx(), input).await).map(Some)
    }
    /// Changes a variant: what is omitted stays, null clears, a list replaces the list.
    #[permission(PRODUCTS_WRITE)]
    async fn product_variant_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The variant, and what to change.")] input: ProductVariantUpdateInput,
    ) -> Result<Option<ProductVariantPayload>> {
        payload(ctx.ctx(), service::variant::update(ctx.ctx(), input).await).map(Some)
    }
    /// Deletes a variant; a product keeps at least one.
    #[permission(PRODUCTS_DELETE)]
    async fn product_variant_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The variant to delete.")] input: ProductVariantDeleteInput,
    ) -> Result<Option<DeletePayload>> {
        let done = service::variant::delete(ctx.ctx(), input).await;
        payload(ctx.ctx(), done.map(ID::from)).map(Some)
    }
    /// Puts a product into exactly these categories.
    #[permission(PRODUCTS_WRITE)]
    async fn product_categories_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product and all its categories.")] input: ProductCategoriesSetInput,
    ) -> Result<Option<ProductPayload>> {
        payload(ctx.ctx(), service::image::set_categories(ctx.ctx(), input).await).map(Some)
    }
    /// Gives a product exactly these pictures, in this order; the first is the featured one.
    #[permission(PRODUCTS_WRITE)]
    async fn product_images_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product and all its pictures.")] input: ProductImagesSetInput,
    ) -> Result<Option<ProductPayload>> {
        payload(ctx.ctx(), service::image::set_images(ctx.ctx(), input).await).map(Some)
    }
    /// Makes a category.
    #[permission(CATEGORIES_WRITE)]
    async fn category_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new category.")] input: CategoryCreateInput,
    ) -> Result<Option<CategoryPayload>> {
        payload(ctx.ctx(), service::category::create(ctx.ctx(), input).await).map(Some)
    }
    /// Changes or moves a category.
    #[permission(CATEGORIES_WRITE)]
    async fn category_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category, and what to change.")] input: CategoryUpdateInput,
    ) -> Result<Option<CategoryPayload>> {
        payload(ctx.ctx(), service::category::update(ctx.ctx(), input).await).map(Some)
    }
    /// Deletes a category. Its children move up to its parent; its products stay.
    #[permission(CATEGORIES_DELETE)]
    async fn category_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category to delete.")] input: CategoryDeleteInput,
    ) -> Result<Option<DeletePayload>> {
        let done = service::category::delete(ctx.ctx(), input).await;
        payload(ctx.ctx(), done.map(ID::from)).map(Some)
    }
}
