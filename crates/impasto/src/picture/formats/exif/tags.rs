//! Numbers of the tags of EXIF that are read, kept or left out (CIPA DC-008, 4.6; TIFF 6.0, appendix A; TIFF/EP).

pub const DESCRIPTION: u16 = 0x010e;
pub const ORIENTATION: u16 = 0x0112;
pub const EXIF_DIRECTORY: u16 = 0x8769;
pub const GPS_DIRECTORY: u16 = 0x8825;
pub const EXIF_VERSION: u16 = 0x9000;

/// What was done to a picture, of TIFF/EP.
pub const HISTORY: u16 = 0x9213;

/// What says who made a picture, what it shows and when: description, date, artist, copyright.
pub const CREDITS_OF_PICTURE: [u16; 4] = [DESCRIPTION, 0x0132, 0x013b, 0x8298];

/// The same of the EXIF directory: both dates, three time zones, three fractions of a second, title and photographer.
pub const CREDITS_OF_TAKING: [u16; 11] =
    [EXIF_VERSION, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292, 0xa436, 0xa437];

/// What directory 0 says of anything but the layout of pixels: beside the credits the name of the document, maker, model,
/// program, computer, ratings, the texts of Windows.
pub const OF_PICTURE: [u16; 16] = [
    0x010d,
    DESCRIPTION,
    0x010f,
    0x0110,
    0x0131,
    0x0132,
    0x013b,
    0x013c,
    0x4746,
    0x4749,
    0x8298,
    0x9c9b,
    0x9c9c,
    0x9c9d,
    0x9c9e,
    0x9c9f,
];

/// What the EXIF directory says of the pixels of the photograph, or in a way of a maker's own: notes of the maker, the
/// order and packing of components, colour space and gamma, size, another file with sound, the directory for exchange,
/// the scale of the sensor, places of what is shown, padding.
pub const OF_PIXELS: [u16; 15] = [
    0x927c, 0x9101, 0x9102, 0xa001, 0xa500, 0xa002, 0xa003, 0xa004, 0xa005, 0xa20e, 0xa20f, 0xa210, 0x9214,
    0xa214, 0xea1c,
];
