import ArgumentParser
import Foundation
import Media

/// A value that belongs to one object: "2:320,240" is for object 2, "320,240" for none in particular.
struct ObjectArgument<Value: PromptValue>: ExpressibleByArgument, Sendable, Equatable {
    var object: Int?
    var value: Value

    init(object: Int? = nil, _ value: Value) { (self.object, self.value) = (object, value) }

    init?(argument: String) {
        if let colon = argument.firstIndex(of: ":"), let object = Int(argument[..<colon]) {
            guard let value = Value(prompt: argument[argument.index(after: colon)...]) else { return nil }
            self.init(object: object, value)
        } else {
            guard let value = Value(prompt: argument[...]) else { return nil }
            self.init(value)
        }
    }

    static var defaultValueDescription: String { "none" }
}

/// Something that can be written after "OBJECT:" in a prompt argument.
protocol PromptValue: Sendable, Equatable {
    /// Nil when the text has another form.
    init?(prompt text: Substring)
}

/// "x,y" in pixels.
struct Coordinates: PromptValue {
    var x: Float
    var y: Float

    init(_ x: Float, _ y: Float) { (self.x, self.y) = (x, y) }

    init?(prompt text: Substring) {
        guard let numbers = finiteNumbers(text), numbers.count == 2 else { return nil }
        self.init(numbers[0], numbers[1])
    }
}

/// "x0,y0,x1,y1" in pixels.
struct BoxCorners: PromptValue {
    var box: Box

    init?(prompt text: Substring) {
        guard let numbers = finiteNumbers(text), numbers.count == 4 else { return nil }
        box = Box(x0: numbers[0], y0: numbers[1], x1: numbers[2], y1: numbers[3])
    }
}

extension Int: PromptValue {
    init?(prompt text: Substring) { self.init(text) }
}

extension String: PromptValue {
    init?(prompt text: Substring) {
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
