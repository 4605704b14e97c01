import CFFmpeg
import Foundation
import Media
import TestSupport

/// Pictures, as frames and as masks.
struct PictureFuzzing: InputFuzzing {
    let seeds: [[UInt8]]
    private let readsMasks: Bool
    private let file: ScratchFile
    private static let mutation = Mutation(
        tokens: [
            "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "eXIf", "acTL", "fcTL", "fdAT", "iCCP", "\u{89}PNG\r\n\u{1a}\n", "RIFF", "WEBP",
            "VP8X", "VP8L", "BM",
        ],
        bytes: [
            [0xff, 0xd8], [0xff, 0xd9], [0xff, 0xc0], [0xff, 0xc2], [0xff, 0xc4], [0xff, 0xda], [0xff, 0xdb], [0xff, 0xdd], [0xff, 0xe1],
            [0xff, 0xee],
            Array("Exif\0\0II*\0".utf8), [0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0], [0, 0, 0x40, 0], [0, 0, 0x40, 1], [0x49, 0x49, 0x2a, 0],
        ])

    init(readsMasks: Bool) throws {
        self.readsMasks = readsMasks
        let masks: [EncodedSeed] = [
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_PAL8), EncodedSeed(encoder: "png", format: AV_PIX_FMT_GRAY8),
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_GRAY16BE),
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_MONOBLACK), EncodedSeed(encoder: "png", format: AV_PIX_FMT_YA8),
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_RGB24),
        ]
        let others: [EncodedSeed] = [
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_RGB48BE),
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_RGBA, options: ["pred": "mixed"]),
            EncodedSeed(encoder: "png", format: AV_PIX_FMT_RGB24, width: 17, height: 9, options: ["flags": "+ildct"]),
            EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_YUVJ420P),
            EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_YUVJ422P, width: 33, height: 17),
            EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_YUVJ444P, options: ["huffman": "default"]),
            EncodedSeed(encoder: "mjpeg", format: AV_PIX_FMT_GRAY8),
            EncodedSeed(encoder: "bmp", format: AV_PIX_FMT_BGR24), EncodedSeed(encoder: "bmp", format: AV_PIX_FMT_PAL8),
            EncodedSeed(encoder: "tiff", format: AV_PIX_FMT_RGB24),
            EncodedSeed(encoder: "tiff", format: AV_PIX_FMT_GRAY16LE, options: ["compression_algo": "lzw"]),
            EncodedSeed(encoder: "tiff", format: AV_PIX_FMT_RGB24, options: ["compression_algo": "deflate"]),
            EncodedSeed(encoder: "libwebp", format: AV_PIX_FMT_YUV420P),
            EncodedSeed(encoder: "libwebp", format: AV_PIX_FMT_BGRA, options: ["lossless": "1"]),
        ]
        seeds = (masks + (readsMasks ? [] : others)).compactMap(\.picture)
        file = try ScratchFile("input.png")
    }

    /// Of PNGs most have their chunks' checksums put right: the first check would end them all.
    func input(_ number: UInt64, seed: UInt64) -> Data {
        let bytes = Self.mutation.make(number, seed: seed, from: seeds)
        return Data(number % 8 == 0 ? bytes : Self.withChecksums(bytes))
    }

    private static func withChecksums(_ png: [UInt8]) -> [UInt8] {
        guard png.starts(with: [0x89, 0x50, 0x4e, 0x47]) else { return png }
        var png = png
        var position = 8
        while position + 12 <= png.count {
            let length = png[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard position + 12 + length <= png.count else { break }
            let sum = StoredZip.checksum(Array(png[(position + 4)..<(position + 8 + length)]))
            for i in 0..<4 { png[position + 8 + length + i] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * i)) }
            position += 12 + length
        }
        return png
    }

    func read(_ data: Data) throws -> Bool {
        do {
            if readsMasks {
                try file.write(data)
                let mask = try ImageFile.readIndexMask(file.path)
                try Defect.unless(
                    mask.values.count == mask.width * mask.height && mask.width > 0, "\(mask.values.count) values in \(mask.size)")
                if let id = mask.ids.first { try Defect.unless(!mask.mask(of: id).isEmpty, "no pixel of \(id)") }
                try Defect.unless(try ImageFile.readGray(file.path).size == mask.size, "the grey picture has another size")
            } else {
                let image = try ImageFile.readRGB(data: data, name: "input")
                try Defect.unless(
                    image.pixels.count == 3 * image.width * image.height && image.width > 0, "\(image.pixels.count) bytes in \(image.size)")
            }
            return true
        } catch let error where error.isRefusal {
            return false
        }
    }
}
