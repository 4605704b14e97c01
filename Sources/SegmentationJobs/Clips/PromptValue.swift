import Foundation
import Media

/// Something that can be written after "OBJECT:" in a prompt argument.
package protocol PromptValue: Sendable, Equatable {
    /// Nil when the text has another form.
    init?(prompt text: Substring)
}

/// "x,y" in pixels.
package struct Coordinates: PromptValue {
    package var x: Float
    package var y: Float

    package init(_ x: Float, _ y: Float) { (self.x, self.y) = (x, y) }

    package init?(prompt text: Substring) {
        guard let numbers = finiteNumbers(text), numbers.count == 2 else { return nil }
        self.init(numbers[0], numbers[1])
    }
}

/// "x0,y0,x1,y1" in pixels.
package struct BoxCorners: PromptValue {
    package var box: Box

    package init?(prompt text: Substring) {
        guard let numbers = finiteNumbers(text), numbers.count == 4 else { return nil }
        box = Box(x0: numbers[0], y0: numbers[1], x1: numbers[2], y1: numbers[3])
    }
}

extension Int: PromptValue {
    package init?(prompt text: Substring) { self.init(text) }
}

extension String: PromptValue {
    package init?(prompt text: Substring) {
        guard !text.isEmpty else { return nil }
        self.init(text)
    }
}

/// Numbers separated by commas, blanks around them allowed; nil when one is no finite number.
private func finiteNumbers(_ text: Substring) -> [Float]? {
    var numbers: [Float] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let number = Float(part.trimmingCharacters(in: .whitespaces)), number.isFinite else { return nil }
        numbers.append(number)
    }
    return numbers
}
