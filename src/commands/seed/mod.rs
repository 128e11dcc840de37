//! `orion seed`: a demo to look at, and catalogs of any size to measure with.

mod api;
mod catalog;
mod demo;
mod pictures;

use super::CommandError;
use crate::app::App;
use crate::framework::context::PlatformGrant;
use crate::framework::db::sql;

pub use catalog::catalog;
pub use demo::{demo, logins};

/// Whether there is no vendor yet.
pub async fn is_empty(app: &App) -> Result<bool, CommandError> {
    Ok(!exists(app, "SELECT 1 FROM vendors WHERE code > $1", "").await?)
}

async fn exists(app: &App, query: &'static str, value: &str) -> Result<bool, CommandError> {
    let grant = PlatformGrant::for_system("seed: what is there already?", app.clock.now());
    let tx = app.db.platform(&grant).await?;
    let found = tx.optional::<(i32,)>(sql(query).bind(value.to_owned())).await?.is_some();
    tx.commit().await?;
    Ok(found)
}

/// A small generator of numbers (SplitMix64): the same for the same seed, on every machine.
pub struct Draw(u64);

impl Draw {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n.max(1) as u64) as usize
    }
    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// The words that made-up products are named with.
pub mod words {
    /// Qualities.
    pub const QUALITIES: &[&str] = &[
        "Light", "Sturdy", "Compact", "Classic", "Nordic", "Alpine", "Urban", "Folding", "Organic", "Woven",
        "Brushed", "Matte", "Silent", "Rustic", "Modern", "Vintage",
    ];
    /// Things.
    pub const THINGS: &[&str] = &[
        "Tent", "Backpack", "Lamp", "Bottle", "Jacket", "Chair", "Mug", "Blanket", "Stove", "Knife",
        "Lantern", "Hammock", "Cushion", "Vase", "Candle", "Basket", "Mirror", "Clock", "Towel", "Kettle",
    ];
    /// Materials.
    pub const MATERIALS: &[&str] =
        &["Cotton", "Oak", "Steel", "Wool", "Linen", "Bamboo", "Copper", "Glass", "Leather", "Canvas"];
    /// Makers.
    pub const BRANDS: &[&str] =
        &["Moselle", "Ardenne", "Kirchberg", "Vianden", "Echternach", "Clervaux", "Remich"];
    /// Colours.
    pub const COLOURS: &[&str] = &["Black", "Sand", "Forest", "Red", "Navy"];
}
