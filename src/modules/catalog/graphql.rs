//! The catalog in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::{ImageId, ProductId, VariantId};

/// A product.
pub struct Product(pub ProductId);
/// A product.
#[Object]
impl Product {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// A variant.
pub struct ProductVariant(pub VariantId);
/// A variant.
#[Object]
impl ProductVariant {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// A picture.
pub struct Image(pub ImageId);
/// A picture.
#[Object]
impl Image {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}

/// The product, if the viewer may see it (batched).
pub async fn load_product(_ctx: &Context<'_>, _id: ProductId) -> Result<Option<Product>> {
    Ok(None)
}
/// The variant, if the viewer may see it (batched).
pub async fn load_variant(_ctx: &Context<'_>, _id: VariantId) -> Result<Option<ProductVariant>> {
    Ok(None)
}
/// The picture that stands for a variant: its own, else the product's first (batched).
pub async fn load_variant_image(_ctx: &Context<'_>, _id: VariantId) -> Result<Option<Image>> {
    Ok(None)
}
