//! Small made-up pictures, so that the demo has some without asking the internet.

use std::path::Path;

use super::{CommandError, Draw};

const SIDE: u32 = 160;

/// Writes a picture for the local media store, in colours drawn from `draw`.
pub fn write(folder: &Path, name: &str, draw: &mut Draw) -> Result<(), CommandError> {
    std::fs::create_dir_all(folder)?;
    let channel = |draw: &mut Draw| 60 + draw.below(160) as u8;
    let from = [channel(draw), channel(draw), channel(draw)];
    let to = [channel(draw), channel(draw), channel(draw)];
    let centre = (40 + draw.below(80) as i32, 40 + draw.below(80) as i32);
    let mut pixels = Vec::with_capacity((SIDE * SIDE * 3) as usize);
    for y in 0..SIDE as i32 {
        for x in 0..SIDE as i32 {
            let inside = (x - centre.0).pow(2) + (y - centre.1).pow(2) < 45 * 45;
            for i in 0..3 {
                let mixed = (i32::from(from[i]) * (SIDE as i32 - y) + i32::from(to[i]) * y) / SIDE as i32;
                pixels.push(if inside { 255 - mixed as u8 / 3 } else { mixed as u8 });
            }
        }
    }
    let file = std::fs::File::create(folder.join(name))?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(())
}
