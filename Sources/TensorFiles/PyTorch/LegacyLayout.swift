/// The format before PyTorch 1.6: four pickles (a magic number, the protocol version, properties of the machine, the value), a fifth
/// with the storages' keys, and behind it each storage: its count of elements (8 bytes) and its elements.
enum LegacyLayout {
    /// The magic number's bytes, little-endian.
    private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

    /// Whether a file starts like this format.
    static func starts(_ bytes: UnsafeRawBufferPointer) -> Bool { (try? readMagic(bytes, file: "")) != nil }

    /// The place behind the magic number.
    private static func readMagic(_ bytes: UnsafeRawBufferPointer, file: String) throws -> Int {
        // Its pickle is short; a limit keeps other pickles from being read whole.
        var reader = PickleReader(bytes, in: 0..<min(bytes.count, 64), file: file)
        guard case .bigInt(let range) = try reader.run(), bytes[range].elementsEqual(magic) else {
            throw TensorFileError.unknownFormat(file: file, reason: "it is a pickle, but torch.save did not write it")
        }
        return reader.position
    }

    static func read(_ bytes: UnsafeRawBufferPointer, _ contents: FileContents) throws -> PyTorchLayout {
        let file = contents.name
        func malformed(_ reason: String) -> TensorFileError { .malformed(file: file, reason: reason) }
        var position = try readMagic(bytes, file: file)
        func next() throws -> (PickleValue, PickleReader) {
            var reader = PickleReader(bytes, in: position..<bytes.count, file: file)
            let value = try reader.run()
            position = reader.position
            return (value, reader)
        }
        guard case .int(1001) = try next().0 else { throw malformed("its format has an unknown version") }
        let (machine, machineReader) = try next()
        guard case .dict(let properties) = machine else { throw malformed("the properties of its machine are missing") }
        for (key, value) in machineReader.heap.dicts[properties] {
            if case .string(let name) = key, case .bool(false) = value, machineReader.string(name) == "little_endian" {
                throw malformed("it was saved on a big-endian machine")
            }
        }
        let (value, reader) = try next()
        let (keys, keyReader) = try next()
        guard case .list(let list) = keys else { throw malformed("the list of its storages is missing") }
        let header = 0..<position

        var types: [String: TensorElementType] = [:]
        for storage in reader.heap.storages {
            if let key = storage.key.count <= 100 ? reader.string(storage.key) : nil { types[key] = storage.type }
        }
        var places: [String: (count: Int, bytes: Range<Int>)] = [:]
        for item in keyReader.heap.lists[list] {
            guard case .string(let range) = item, range.count <= 100, let key = keyReader.string(range), let type = types[key] else {
                throw malformed("its list of storages names one that no tensor has")
            }
            guard let count = bytes.littleEndian(at: position, as: Int64.self), count >= 0,
                count <= (bytes.count - position - 8) / type.byteCount
            else { throw malformed("the storage \(key) reaches past the end of the file; download it again") }
            let start = position + 8
            position = start + Int(count) * type.byteCount
            guard places.updateValue((Int(count), start..<position), forKey: key) == nil else {
                throw malformed("it has the storage \(key) twice")
            }
        }
        let tensors = PickledTensors(reader: reader, pickleRecord: nil) { key, count, type in
            guard let place = places[key] else { throw StorageProblem(reason: "its storage \(key.prefix(50)) is not in the file") }
            guard types[key] == type, place.count == count else { throw StorageProblem(reason: "its storage \(key) is not as it says") }
            return .init(bytes: place.bytes, record: nil)
        }
        return PyTorchLayout(value: value, tensors: tensors, records: [], fingerprint: Fingerprint.ofUnchecked(contents, header: header))
    }
}
