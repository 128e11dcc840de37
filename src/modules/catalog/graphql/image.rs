//! Pictures.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};

use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::graphql::scalars::Url;
use crate::modules::catalog::model::ImageRow;

/// How a picture should be served. Only pictures that Orion keeps itself are transformed; for all others the address is
/// answered as it is.
#[derive(InputObject)]
pub struct ImageTransformInput {
    /// The largest width, in pixels (1 to 8192).
    #[graphql(validator(minimum = 1, maximum = 8192))]
    pub max_width: Option<i32>,
    /// The largest height, in pixels (1 to 8192).
    #[graphql(validator(minimum = 1, maximum = 8192))]
    pub max_height: Option<i32>,
}

/// A picture.
pub struct Image {
    // Shares the list that it was read with.
    images: Arc<[ImageRow]>,
    index: usize,
}

impl Image {
    /// The picture at a place of a list that has it.
    pub(super) fn new(images: Arc<[ImageRow]>, index: usize) -> Self {
        Self { images, index }
    }
    fn row(&self) -> &ImageRow {
        &self.images[self.index]
    }
}

/// A picture.
#[Object]
impl Image {
    /// Its id.
    async fn id(&self) -> ID {
        self.row().id.into()
    }
    /// Where it is.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size that is wanted.")] transform: Option<ImageTransformInput>,
    ) -> Result<Url> {
        let _ = transform;
        self.row().url.parse().map_err(|_| {
            ApiError::new(ErrorCode::InvalidUrl, "The picture's address is damaged.").extend(ctx.ctx())
        })
    }
    /// What it shows, for those who do not see it.
    async fn alt_text(&self) -> Option<&str> {
        self.row().alt_text.as_deref()
    }
    /// Its width in pixels, where that is known.
    async fn width(&self) -> Option<i32> {
        self.row().width
    }
    /// Its height in pixels, where that is known.
    async fn height(&self) -> Option<i32> {
        self.row().height
    }
}
