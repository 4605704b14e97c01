import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// The operations that the learned trackers are made of, each by itself.
@Suite(.enabled(if: !ParityCase.cases(of: "primitives").isEmpty, Comment(rawValue: ParityCase.missing)))
struct TrackerPrimitivesParityTests {
    private let parity: ParityCase
    private let inputs, expected: SafetensorsFile

    init() throws {
        parity = try #require(ParityCase.cases(of: "primitives").first)
        (inputs, expected) = (try parity.inputs(), try parity.expected())
    }

    private func check(_ name: String, _ result: Tensor) throws {
        #expect(try parity.difference(of: result, from: name, in: expected).share <= 1, "\(name)")
    }

    @Test func motionsAreEmbedded() throws {
        let given = try inputs.tensor("flows")
        let flows = given.values
        let rows = stride(from: 0, to: flows.count, by: 3).map { Array(flows[$0..<($0 + 3)]) }
        func embedded(_ name: String, _ width: Int, _ embed: ([Float]) -> [Float]) throws {
            try check(name, Tensor(shape: [given.shape[0], given.shape[1], width], rows.flatMap(embed)))
        }
        try embedded("embedding.sin2d", 130) { $0[..<2] + SinusoidalEmbedding.interleaved(Array($0[..<2])) }
        try embedded("embedding.sin3d", 195) { SinusoidalEmbedding.interleaved($0) + $0 }
        try embedded("embedding.sincosXY", 130) { SinusoidalEmbedding.geometric($0[0]) + SinusoidalEmbedding.geometric($0[1]) + $0[..<2] }
        try embedded("embedding.posenc", 42) { SinusoidalEmbedding.octaves($0[..<2].map { $0 / 20 }) }
    }

    @Test func timesAndCellsAreEmbedded() throws {
        let times = try parity.shape(of: "embedding.sincos1d")
        try check(
            "embedding.sincos1d", Tensor(shape: times, (0..<times[0]).flatMap { SinusoidalEmbedding.position($0, dimension: times[1]) }))
        let shape = try parity.shape(of: "embedding.sincos2d")
        let cells = (0..<(shape[0] * shape[1])).flatMap {
            SinusoidalEmbedding.position($0 % shape[1], dimension: shape[2] / 2)
                + SinusoidalEmbedding.position($0 / shape[1], dimension: shape[2] / 2)
        }
        try check("embedding.sincos2d", Tensor(shape: shape, cells))
    }

    @Test func supportGrids() throws {
        let stored = parity.outputs.map(\.name).filter { $0.hasPrefix("grid") && $0.split(separator: ".").count == 3 }
        #expect(!stored.isEmpty)
        for name in stored {
            let numbers = name.split { $0 == "." || $0 == "x" }.dropFirst().compactMap { Int($0) }
            try #require(numbers.count == 3)
            let (side, size) = (numbers[0], ImageSize(width: numbers[2], height: numbers[1]))
            let grid =
                name.hasPrefix("grid1") ? SupportGrid.coTracker1(side: side, size: size) : SupportGrid.coTracker3(side: side, size: size)
            try check(name, Tensor(shape: [1, side * side, 2], grid.flatMap { [$0.x, $0.y] }))
        }
        #expect(SupportGrid.coTracker1(side: 0, size: ImageSize(width: 512, height: 384)).isEmpty)
    }

    /// `field` and `volume` as maps: one for each batch or time.
    private func maps(_ name: String) throws -> [FeatureMap] {
        var tensor = try inputs.tensor(name)
        if tensor.shape.count == 5 { tensor = tensor.reshaped(Array(tensor.shape.dropFirst())) }
        let (count, channels, height, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3])
        let rows = tensor.channelsLast().values
        let size = height * width * channels
        return (0..<count).map {
            FeatureMap(
                width: width, height: height, rows: Tensor(shape: [height * width, channels], Array(rows[($0 * size)..<(($0 + 1) * size)])))
        }
    }

    @Test func mapsAreSampled() throws {
        let values = try inputs.tensor("points").values
        let points = stride(from: 0, to: values.count, by: 2).map { SIMD2(values[$0], values[$0 + 1]) }
        let field = try inputs.tensor("field").shape
        let templates = try maps("field").flatMap { map in
            let rows = map.templates(at: points)
            return (0..<field[1]).flatMap { channel in rows.map { $0[channel] } }
        }
        try check("bilinearSample2d", Tensor(shape: [field[0], field[1], points.count], templates))

        let volume = try maps("volume")
        let channels = try inputs.tensor("volume").shape[2]
        let positions = try inputs.tensor("points3").values
        let samples = stride(from: 0, to: positions.count, by: 3).flatMap { i -> [Float] in
            let time = min(max(positions[i], 0), Float(volume.count - 1))
            let (before, fraction) = (Int(time), time - time.rounded(.down))
            let rows = [before, min(before + 1, volume.count - 1)].map { frame in
                [Float](unsafeUninitializedCapacity: channels) { buffer, count in
                    volume[frame].sampleAtEdge(SIMD2(positions[i + 1], positions[i + 2]), into: buffer.baseAddress!)
                    count = channels
                }
            }
            return zip(rows[0], rows[1]).map { $0 * (1 - fraction) + $1 * fraction }
        }
        try check("sample5d", Tensor(shape: [1, 1, positions.count / 3, channels], samples))
    }

    /// Windows of correlations against samples of the whole map of products, on points inside, near borders and far outside.
    @Test(arguments: [CorrelationWindows.Outside.zeros, .edge]) func correlationWindows(_ outside: CorrelationWindows.Outside) throws {
        let map = try maps("field")[0]
        let (radius, channels) = (2, map.rows.shape[1])
        let template: [Float] = (0..<channels).map { 0.5 - 1.75 * Float($0 % 2) + Float($0 / 2) }
        let positions: [Float] = [5.25, 3.5, 0.25, 7.875, -2.5, 4, 11.5, -1.25, 40, 3, -1e20, 5]
        let windows = CorrelationWindows(radius: radius, outside: outside, channels: channels)
        var results = [Float](repeating: .nan, count: 6 * windows.count)
        let templates = (0..<6).flatMap { _ in template }
        results.withUnsafeMutableBufferPointer { results in
            positions.withUnsafeBufferPointer { positions in
                templates.withUnsafeBufferPointer { templates in
                    windows.correlate(
                        FeaturePyramid(levels: [map]), points: 6, positions: StridedRows(base: positions.baseAddress!, stride: 2),
                        templates: StridedRows(base: templates.baseAddress!, stride: channels),
                        into: MutableStridedRows(base: results.baseAddress!, stride: windows.count))
                }
            }
        }
        let rows = map.rows.values
        func product(_ x: Int, _ y: Int) -> Float {
            if outside == .zeros && !((0..<map.width).contains(x) && (0..<map.height).contains(y)) { return 0 }
            let cell = min(max(y, 0), map.height - 1) * map.width + min(max(x, 0), map.width - 1)
            return (0..<channels).reduce(0) { $0 + rows[cell * channels + $1] * template[$1] } / Float(channels).squareRoot()
        }
        let wanted = (0..<6).flatMap { point -> [Float] in
            (0..<25).map { i in
                // x is the outer index.
                let x = max(-1000, positions[2 * point]) + Float(i / 5 - radius)
                let y = positions[2 * point + 1] + Float(i % 5 - radius)
                let (x0, y0) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
                let (fx, fy) = (x - Float(x0), y - Float(y0))
                return (1 - fy) * ((1 - fx) * product(x0, y0) + fx * product(x0 + 1, y0))
                    + fy * ((1 - fx) * product(x0, y0 + 1) + fx * product(x0 + 1, y0 + 1))
            }
        }
        #expect(largestDifference(results, wanted) < 1e-5)
    }

    @Test func positionsThatAreNoNumbers() throws {
        let map = try maps("field")[0]
        let channels = map.rows.shape[1]
        let windows = CorrelationWindows(radius: 3, outside: .edge, channels: channels)
        var result = [Float](repeating: .nan, count: windows.count)
        let (position, template) = ([Float.nan, .infinity], [Float](repeating: 1, count: channels))
        result.withUnsafeMutableBufferPointer { result in
            position.withUnsafeBufferPointer { position in
                template.withUnsafeBufferPointer { template in
                    windows.correlate(
                        FeaturePyramid(levels: [map]), points: 1, positions: StridedRows(base: position.baseAddress!, stride: 2),
                        templates: StridedRows(base: template.baseAddress!, stride: channels),
                        into: MutableStridedRows(base: result.baseAddress!, stride: windows.count))
                }
            }
        }
        #expect(result.allSatisfy { $0 == 0 })
        #expect(map.templates(at: [SIMD2(.nan, .infinity), SIMD2(-1e30, 1e30)]).allSatisfy { $0.count == channels })
    }

    /// The taps of one axis applied in turn to rows and columns of `field`.
    @Test(arguments: [("ac0", LinearResampler.Method.halfPixel), ("ac1", .corners), ("aa", .antialiased)]) func resizing(
        _ suffix: String, _ method: LinearResampler.Method
    ) throws {
        let given = try inputs.tensor("field")
        let (shape, field) = (given.shape, given.values)
        let sizes = parity.sizes(in: "interpolate", suffix: suffix)
        #expect(!sizes.isEmpty)
        for (height, width) in sizes {
            let columns = LinearResampler.Taps(from: shape[3], to: width, method: method)
            let rows = LinearResampler.Taps(from: shape[2], to: height, method: method)
            var result: [Float] = []
            for plane in 0..<(shape[0] * shape[1]) {
                for y in 0..<height {
                    for x in 0..<width {
                        var sum: Float = 0
                        for j in 0..<rows.count {
                            for k in 0..<columns.count {
                                sum +=
                                    rows.weights[y * rows.count + j] * columns.weights[x * columns.count + k]
                                    * field[(plane * shape[2] + rows.starts[y] + j) * shape[3] + columns.starts[x] + k]
                            }
                        }
                        result.append(sum)
                    }
                }
            }
            try check("interpolate.\(height)x\(width).\(suffix)", Tensor(shape: [shape[0], shape[1], height, width], result))
        }
    }

    /// Pictures by way of a buffer of few rows, against the taps applied directly.
    @Test(arguments: [LinearResampler.Method.halfPixel, .corners, .antialiased]) func picturesAreResized(_ method: LinearResampler.Method) {
        let (width, height) = (37, 29)
        let image = RGBImage(
            width: width, height: height, pixels: (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ $0 / 7) })
        for (x, y) in [(16, 11), (50, 40), (37, 29), (1, 1)] {
            let target = ImageSize(width: x, height: y)
            let tensor = TrackerFrameInput(size: target, resampling: method).tensor(image)
            let columns = LinearResampler.Taps(from: width, to: target.width, method: method)
            let rows = LinearResampler.Taps(from: height, to: target.height, method: method)
            var wanted: [Float] = []
            for channel in 0..<3 {
                for y in 0..<target.height {
                    for x in 0..<target.width {
                        var sum: Float = 0
                        for j in 0..<rows.count {
                            for k in 0..<columns.count {
                                let pixel = image.pixels[3 * ((rows.starts[y] + j) * width + columns.starts[x] + k) + channel]
                                sum += rows.weights[y * rows.count + j] * columns.weights[x * columns.count + k] * Float(pixel)
                            }
                        }
                        wanted.append(2 * (sum / 255) - 1)
                    }
                }
            }
            #expect(tensor.shape == [1, 3, target.height, target.width])
            #expect(largestDifference(tensor.values, wanted) < 1e-5, "\(target)")
        }
    }

    @Test func layerNormalization() throws {
        let field = try inputs.tensor("field")
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "layer-norm", precision: .float32) {
            let graph = Graph("layer-norm")
            graph.output("layerNorm", graph.input("field", shape: field.shape).layerNormalized(epsilon: 1e-5))
            return try graph.model()
        }
        try check("layerNorm", #require(try network(["field": field])["layerNorm"]))
    }
}
