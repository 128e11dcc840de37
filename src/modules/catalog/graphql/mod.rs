//! The catalog in the API.

mod category;
mod filter;
mod image;
mod input;
mod loaders;
mod mutation;
mod product;
mod query;
mod variant;

use async_graphql::{Context, Result};

pub use category::Category;
pub use image::Image;
pub use input::*;
pub use mutation::CatalogMutation;
pub use product::Product;
pub use query::CatalogQuery;
pub use variant::{ProductVariant, SelectedOptionInput};

use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::id::{CategoryId, ProductId, VariantId};
use crate::framework::permission::Permission;
use crate::modules::catalog::model::ProductStatus;

/// Whether the asker sees more of the catalog than shoppers do.
fn is_team(ctx: &Ctx) -> bool {
    ctx.can(Permission::ProductsRead)
}

/// Whether the asker may see any of the catalog.
fn is_open(ctx: &Ctx) -> bool {
    ctx.require_public_shop().is_ok()
}

/// The product, if the viewer may see it (batched).
pub async fn load_product(ctx: &Context<'_>, id: ProductId) -> Result<Option<Product>> {
    if !is_open(ctx.ctx()) {
        return Ok(None);
    }
    let row = loaders::product_row(ctx, id).await?;
    Ok(row.filter(|row| row.status == ProductStatus::Active || is_team(ctx.ctx())).map(Product::new))
}

/// The variant, if the viewer may see it (batched).
pub async fn load_variant(ctx: &Context<'_>, id: VariantId) -> Result<Option<ProductVariant>> {
    if !is_open(ctx.ctx()) {
        return Ok(None);
    }
    let rows = loaders::variant_row(ctx, id).await?;
    Ok(rows.filter(|rows| rows[0].published || is_team(ctx.ctx())).map(ProductVariant::alone))
}

/// The picture that stands for a variant: its own, else the product's first (batched). Of deleted and unpublished ones
/// too, for those who hold a cart or order with it.
pub async fn load_variant_image(ctx: &Context<'_>, id: VariantId) -> Result<Option<Image>> {
    Ok(loaders::variant_image(ctx, id).await?.map(|images| Image::new(images, 0)))
}

/// The category (batched).
pub async fn load_category(ctx: &Context<'_>, id: CategoryId) -> Result<Option<Category>> {
    if !is_open(ctx.ctx()) {
        return Ok(None);
    }
    Ok(loaders::tree(ctx).await?.get(id).cloned().map(Category))
}
