/// An integer in JSON. By itself the decoder says of "1.5" that the whole file is not valid, without the place.
struct JSONInteger: Decodable {
    var value: Int

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = try container.decode(Int.self)
        } catch DecodingError.typeMismatch(let type, let context) {
            throw DecodingError.typeMismatch(type, context)
        } catch {
            // Foundation has an error of its own here, which says nothing of the place.
            let number = try JSONFloat.number(container, decoder)
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(number) is not an integer, or too large"))
        }
    }
}

/// A finite number in JSON.
struct JSONFloat: Decodable {
    var value: Float

    init(from decoder: any Decoder) throws {
        let number = try Self.number(decoder.singleValueContainer(), decoder)
        value = Float(number)
        guard value.isFinite else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(number) is too large"))
        }
    }

    fileprivate static func number(_ container: any SingleValueDecodingContainer, _ decoder: any Decoder) throws -> Double {
        do {
            return try container.decode(Double.self)
        } catch DecodingError.typeMismatch(let type, let context) {
            throw DecodingError.typeMismatch(type, context)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "the number is too large"))
        }
    }
}
