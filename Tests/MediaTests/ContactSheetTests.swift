import Media
import Testing

@Suite("Contact sheets")
struct ContactSheetTests {
    private let size = ImageSize(width: 160, height: 90)

    private func sheet(reserved: Int, kept: [Int]) -> ContactSheet {
        var sheet = ContactSheet(frameCount: 100, size: size, reserved: reserved)
        for index in 0..<100 {
            let image = RGBImage(width: 160, height: 90, red: UInt8(index), green: 0, blue: 0)
            sheet.offer(
                image, index: index, caption: "\(index)", bars: [.init(color: .object(0), share: .nan), .init(color: .object(1), share: 2)])
            if kept.contains(index) { sheet.keep(image, index: index, caption: "kept") }
        }
        return sheet
    }

    /// The red of each thumbnail's middle, in reading order.
    private func frames(_ picture: RGBImage, count: Int) -> [Int] {
        (0..<count).map { Int(picture[4 + $0 % 4 * 400 + 198, 4 + $0 / 4 * (223 + 22 + 4) + 100].red) }
    }

    @Test("Frames are spread evenly; kept ones stand in order among them") func order() throws {
        let plain = sheet(reserved: 0, kept: [])
        #expect(frames(try #require(plain.picture), count: 12) == [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99])
        var mixed = sheet(reserved: 8, kept: [5, 40, 41])
        #expect([0, 33, 66, 99, 5].allSatisfy(mixed.has) && !mixed.has(6))
        mixed.retain([5, 40])
        #expect(frames(try #require(mixed.picture), count: 6) == [0, 5, 33, 40, 66, 99])
    }

    @Test("Marked frames are framed in red, others are not") func marks() throws {
        var sheet = sheet(reserved: 8, kept: [50])
        sheet.mark([50, 51])
        let picture = try #require(sheet.picture)
        func isRed(_ x: Int, _ y: Int) -> Bool { picture[x, y] == (255, 60, 60) }
        // 50 comes third: after 0 and 33.
        #expect(isRed(2 + 2 * 400, 100) && isRed(900, 2) && isRed(2 + 3 * 400, 100))
        #expect(!isRed(2, 100) && !isRed(100, 2))
    }

    @Test("Many bars leave the picture whole") func bars() throws {
        var sheet = ContactSheet(frameCount: 1, size: size)
        let many = (0..<300).map { ContactSheet.Bar(color: .object($0), share: 0.5) }
        sheet.offer(RGBImage(width: 160, height: 90), index: 0, caption: "frame 0", bars: many)
        #expect(try #require(sheet.picture).width > 160)
    }
}
