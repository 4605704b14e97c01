import Foundation
import SAMPT
import Support

/// A textured sheet of rubber in a synthetic clip: it moves by a smoothly changing affine map, and waves run over it.
///
/// Lengths are in units of 1/256 of the clip's shorter side, time is in seconds.
struct ClipLayer: Sendable {
    /// One value that changes over time: a start, a steady change and a swing.
    struct Course: Sendable {
        var start: Double
        var rate = 0.0
        var amplitude = 0.0
        /// In radians a second.
        var frequency = 0.0
        var phase = 0.0

        func value(_ time: Double) -> Double { start + rate * time + amplitude * sin(frequency * time + phase) }
    }

    /// A wave that shifts the sheet along one axis depending on the place along the other. Such a shift has an exact inverse.
    struct Wave: Sendable {
        var isAlongX: Bool
        var amplitude: Double
        /// In radians per unit of length.
        var number: Double
        /// In radians a second.
        var frequency: Double
        var phase: Double
    }

    let texture: NoiseTexture
    /// nil for a sheet without end.
    let outline: Outline?
    let centerX: Course
    let centerY: Course
    let angle: Course
    /// The logarithm of the scale.
    let logScale: Course
    let shear: Course
    let waves: [Wave]
    /// Brightness, about 1.
    let gain: Course

    /// A bumpy disk.
    struct Outline: Sendable {
        /// In a direction it is `radius * (1 + sum of a * cos(k * angle) + b * sin(k * angle))` for `swings` (a, b) with k from 2 on.
        var radius: Double
        var swings: [SIMD2<Double>]

        /// No point of the shape is further from its middle.
        var reach: Double { radius * (1 + swings.reduce(0) { $0 + ($1.x * $1.x + $1.y * $1.y).squareRoot() }) }

        func contains(_ p: SIMD2<Double>) -> Bool {
            let distance = (p.x * p.x + p.y * p.y).squareRoot()
            guard distance > 1e-9 else { return true }
            let unit = p / distance
            // Powers of a unit number are cosines and sines of multiples of its angle.
            var power = unit
            var limit = 1.0
            for swing in swings {
                power = SIMD2(power.x * unit.x - power.y * unit.y, power.x * unit.y + power.y * unit.x)
                limit += swing.x * power.x + swing.y * power.y
            }
            return distance < radius * limit
        }
    }

    /// The layer at one time: from places on the sheet to places in the frame and back.
    struct Pose: Sendable {
        /// Columns of the linear map and of its inverse.
        private let columns: (SIMD2<Double>, SIMD2<Double>)
        private let inverse: (SIMD2<Double>, SIMD2<Double>)
        let center: SIMD2<Double>
        private let waves: [(isAlongX: Bool, amplitude: Double, number: Double, phase: Double)]
        let gain: Float
        /// No visible place is further from `center`; infinite for a sheet without end.
        let reach: Double

        init(_ layer: ClipLayer, time: Double) {
            let scale = exp(layer.logScale.value(time))
            let (angle, shear) = (layer.angle.value(time), layer.shear.value(time))
            let (c, s) = (cos(angle) * scale, sin(angle) * scale)
            // Rotation and scale after a shear along x, whose determinant is 1.
            columns = (SIMD2(c, s), SIMD2(c * shear - s, s * shear + c))
            let determinant = scale * scale
            inverse = (SIMD2(columns.1.y, -columns.0.y) / determinant, SIMD2(-columns.1.x, columns.0.x) / determinant)
            center = SIMD2(layer.centerX.value(time), layer.centerY.value(time))
            waves = layer.waves.map { ($0.isAlongX, $0.amplitude, $0.number, $0.frequency * time + $0.phase) }
            gain = Float(layer.gain.value(time))
            let push = layer.waves.reduce(0) { $0 + $1.amplitude }
            let stretch = scale * (1 + abs(shear))
            reach = layer.outline.map { ($0.reach + push) * stretch } ?? .infinity
        }

        func toFrame(_ place: SIMD2<Double>) -> SIMD2<Double> {
            var p = place
            for wave in waves {
                if wave.isAlongX {
                    p.x += wave.amplitude * sin(wave.number * p.y + wave.phase)
                } else {
                    p.y += wave.amplitude * sin(wave.number * p.x + wave.phase)
                }
            }
            return center + columns.0 * p.x + columns.1 * p.y
        }

        func toSheet(_ place: SIMD2<Double>) -> SIMD2<Double> {
            let d = place - center
            var p = inverse.0 * d.x + inverse.1 * d.y
            for wave in waves.reversed() {
                if wave.isAlongX {
                    p.x -= wave.amplitude * sin(wave.number * p.y + wave.phase)
                } else {
                    p.y -= wave.amplitude * sin(wave.number * p.x + wave.phase)
                }
            }
            return p
        }
    }

    /// Where the layer has something: the place on the sheet, or nil.
    @inline(__always)
    func place(under point: SIMD2<Double>, _ pose: Pose) -> SIMD2<Double>? {
        let d = point - pose.center
        guard d.x * d.x + d.y * d.y <= pose.reach * pose.reach else { return nil }
        let place = pose.toSheet(point)
        if let outline, !outline.contains(place) { return nil }
        return place
    }
}

extension ClipLayer {
    /// The ground: pans, turns and zooms slowly.
    static func ground(_ size: SIMD2<Double>, using generator: inout SeededGenerator) -> ClipLayer {
        ClipLayer(
            texture: NoiseTexture(side: 512, using: &generator), outline: nil,
            centerX: course(&generator, start: size.x / 2, rate: 25, amplitude: 15),
            centerY: course(&generator, start: size.y / 2, rate: 25, amplitude: 15),
            angle: course(&generator, start: generator.angle(), rate: 0.1, amplitude: 0.05),
            logScale: course(&generator, start: 0, rate: 0.05, amplitude: 0.08),
            shear: course(&generator, start: 0, rate: 0, amplitude: 0.03),
            waves: waves(&generator, count: 2, steepness: 0.06, lengths: 90...180),
            gain: course(&generator, start: 1, rate: 0, amplitude: 0.06))
    }

    /// A thing that moves on its own and bends.
    static func thing(_ size: SIMD2<Double>, using generator: inout SeededGenerator) -> ClipLayer {
        let swings = (2...5).map { bumps -> SIMD2<Double> in
            let (length, angle) = (generator.number(in: 0...0.4) / Double(bumps), generator.angle())
            return SIMD2(cos(angle), sin(angle)) * length
        }
        let outline = Outline(radius: generator.number(in: 24...56), swings: swings)
        return ClipLayer(
            texture: NoiseTexture(side: 256, using: &generator), outline: outline,
            centerX: course(&generator, start: generator.number(in: 0...1) * size.x, rate: 60, amplitude: 60),
            centerY: course(&generator, start: generator.number(in: 0...1) * size.y, rate: 60, amplitude: 60),
            angle: course(&generator, start: generator.angle(), rate: 0.6, amplitude: 0.3),
            logScale: course(&generator, start: 0, rate: 0.1, amplitude: 0.2),
            shear: course(&generator, start: 0, rate: 0, amplitude: 0.15),
            waves: waves(&generator, count: 3, steepness: 0.2, lengths: 40...110),
            gain: course(&generator, start: 1, rate: 0, amplitude: 0.1))
    }

    /// - Parameters:
    ///   - rate: the largest steady change a second, either way.
    ///   - amplitude: the largest swing; a swing takes 1 to 3 seconds.
    private static func course(_ generator: inout SeededGenerator, start: Double, rate: Double, amplitude: Double) -> Course {
        let (change, swing) = (generator.number(in: -rate...rate), generator.number(in: (amplitude / 3)...amplitude))
        let (frequency, phase) = (2 * .pi / generator.number(in: 1...3), generator.angle())
        // At time 0 the value is `start`.
        return Course(start: start - swing * sin(phase), rate: change, amplitude: swing, frequency: frequency, phase: phase)
    }

    /// - Parameter steepness: the largest slope of a wave; below 1, so that places stay in order.
    private static func waves(
        _ generator: inout SeededGenerator, count: Int, steepness: Double, lengths: ClosedRange<Double>
    ) -> [Wave] {
        (0..<count).map { index in
            let number = 2 * .pi / generator.number(in: lengths)
            return Wave(
                isAlongX: index % 2 == 0, amplitude: generator.number(in: (steepness / 2)...steepness) / number, number: number,
                frequency: generator.number(in: -6...6), phase: generator.angle())
        }
    }
}
