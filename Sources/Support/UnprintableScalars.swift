extension Unicode.Scalar {
    /// Whether a terminal would obey it or hide it: control characters, those that break lines or change the direction of writing, and
    /// invisible tags.
    package var isUnprintable: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xE0000...0xE007F: true
        default: false
        }
    }
}
