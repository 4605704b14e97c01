import Media

/// The masks of one frame: what every format is made of.
public struct MaskFrame: Sendable {
    /// The frame's number in its video, from 0.
    public var number: Int
    /// When it is shown, in ticks of the clip's time base; nil: by its number.
    public var timestamp: Int64?
    /// When it is shown, in seconds from the start of its video; nil: by the clip's rate.
    public var seconds: Double?
    /// The name of its picture's file without extension, where it has one of its own.
    public var stem: String?
    /// Objects that are said to be in it, each id once. Where masks overlap and a format has room for one, the later lies on top.
    public var objects: [ObjectMask]
    /// Its picture, for formats that show it (`MaskFormat.needsPictures`).
    public var picture: RGBImage?

    public init(
        number: Int, timestamp: Int64? = nil, seconds: Double? = nil, stem: String? = nil, objects: [ObjectMask] = [],
        picture: RGBImage? = nil
    ) {
        (self.number, self.timestamp, self.seconds, self.stem) = (number, timestamp, seconds, stem)
        (self.objects, self.picture) = (objects, picture)
    }
}

/// The video that masks belong to.
public struct MaskClip: Sendable {
    /// The video's name; files and folders are named after it as far as it can be a file's name.
    public var name: String
    /// That of every mask.
    public var size: ImageSize
    /// The shape of the pixels when they are shown.
    public var pixelAspect: PixelAspect
    /// Seconds per tick of the frames' timestamps, as a fraction.
    public var timeBase: (numerator: Int, denominator: Int)
    /// What videos made of it sound like.
    public var sound: SoundSource?
    /// The objects that are known before the first frame; others may follow in the frames.
    public var objects: [AnnotatedObject]

    /// - Parameter timeBase: 24 frames a second where nothing is known.
    public init(
        name: String, size: ImageSize, pixelAspect: PixelAspect = .square, timeBase: (numerator: Int, denominator: Int) = (1, 24),
        sound: SoundSource? = nil, objects: [AnnotatedObject] = []
    ) {
        (self.name, self.size, self.pixelAspect, self.timeBase) = (name, size, pixelAspect, timeBase)
        (self.sound, self.objects) = (sound, objects)
    }

    /// When a frame is shown, in ticks of the time base.
    func ticks(_ frame: MaskFrame) -> Int64 { frame.timestamp ?? Int64(clamping: frame.number) }

    /// When a frame is shown, in seconds.
    func seconds(_ frame: MaskFrame) -> Double {
        frame.seconds ?? Double(ticks(frame)) * Double(timeBase.numerator) / Double(max(1, timeBase.denominator))
    }
}
