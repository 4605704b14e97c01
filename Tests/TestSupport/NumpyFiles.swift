import Foundation

/// Files that numpy 2.4 wrote (`np.save`), in base64.
public enum NumpyFiles {
    /// `np.arange(12, dtype=np.int16).reshape(3, 4) - 5`
    public static let int16 = decode(
        """
        k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDQpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
        AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr7//z//f/+////AAABAAIAAwAEAAUABgA=
        """)

    /// `np.asfortranarray(np.arange(12, dtype=np.float64).reshape(3, 4))`
    public static let columnMajor = decode(
        """
        k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
        AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAABBAAAAAAAAAIEAAAAAAAADwPwAAAAAAABRAAAAAAAAAIkAAAAAAAAAAQAAAAAAAABhAAAAA
        AAAAJEAAAAAAAAAIQAAAAAAAABxAAAAAAAAAJkA=
        """)

    /// `np.arange(3, dtype=">f4")`
    public static let bigEndian = decode(
        """
        k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
        AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAP4AAAEAAAAA=
        """)

    /// A dictionary like Haiku's checkpoints, by pickle protocol:
    ///
    ///     {"params": {"tapir/~/extra_convs": {"w": np.arange(6, dtype=np.float32).reshape(2, 3) / 2 - 1,
    ///                                         "b": np.array([1.5, -2], np.float16)},
    ///                 "tapir/norm": {"scale": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3))}},
    ///      "state": {"tapir/norm/~/mean_ema": {"average": np.array(3.25), "counter": np.array([7, 200], np.uint8)}},
    ///      "step": 17, "scalar": np.float32(2.5)}
    public static let haiku: [Int: Data] = [
        2: decode(
            """
            k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
            AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAAmNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJjX2Nv
            ZGVjcwplbmNvZGUKcQNYAQAAAGJxBFgGAAAAbGF0aW4xcQWGcQZScQeHcQhScQkoSwEpY251bXB5CmR0eXBlCnEKWAIAAABPOHELiYiHcQxScQ0oSwNYAQAAAHxxDk5OTk
            r/////Sv////9LP3RxD2KJXXEQfXERKFgGAAAAcGFyYW1zcRJ9cRMoWBMAAAB0YXBpci9+L2V4dHJhX2NvbnZzcRR9cRUoWAEAAAB3cRZoAGgBSwCFcRdoB4dxGFJxGShL
            AUsCSwOGcRpoClgCAAAAZjRxG4mIh3EcUnEdKEsDWAEAAAA8cR5OTk5K/////0r/////SwB0cR9iiWgDWB0AAAAAAMKAwr8AAADCvwAAAAAAAAA/AADCgD8AAMOAP3EgaA
            WGcSFScSJ0cSNiWAEAAABicSRoAGgBSwCFcSVoB4dxJlJxJyhLAUsChXEoaApYAgAAAGYycSmJiIdxKlJxKyhLA2geTk5OSv////9K/////0sAdHEsYoloA1gFAAAAAD4A
            w4BxLWgFhnEuUnEvdHEwYnVYCgAAAHRhcGlyL25vcm1xMX1xMlgFAAAAc2NhbGVxM2gAaAFLAIVxNGgHh3E1UnE2KEsBSwJLA4ZxN2gKWAIAAABpOHE4iYiHcTlScTooSw
            NoHk5OTkr/////Sv////9LAHRxO2KIaANYMAAAAAAAAAAAAAAAAwAAAAAAAAABAAAAAAAAAAQAAAAAAAAAAgAAAAAAAAAFAAAAAAAAAHE8aAWGcT1ScT50cT9ic3VYBQAA
            AHN0YXRlcUB9cUFYFQAAAHRhcGlyL25vcm0vfi9tZWFuX2VtYXFCfXFDKFgHAAAAYXZlcmFnZXFEaABoAUsAhXFFaAeHcUZScUcoSwEpaApYAgAAAGY4cUiJiIdxSVJxSi
            hLA2geTk5OSv////9K/////0sAdHFLYoloA1gIAAAAAAAAAAAACkBxTGgFhnFNUnFOdHFPYlgHAAAAY291bnRlcnFQaABoAUsAhXFRaAeHcVJScVMoSwFLAoVxVGgKWAIA
            AAB1MXFViYiHcVZScVcoSwNoDk5OTkr/////Sv////9LAHRxWGKJaANYAwAAAAfDiHFZaAWGcVpScVt0cVxidXNYBAAAAHN0ZXBxXUsRWAYAAABzY2FsYXJxXmNudW1weS
            5fY29yZS5tdWx0aWFycmF5CnNjYWxhcgpxX2gdaANYBAAAAAAAIEBxYGgFhnFhUnFihnFjUnFkdWF0cWViLg==
            """),
        3: decode(
            """
            k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
            AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAA2NudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJDAWJx
            A4dxBFJxBShLASljbnVtcHkKZHR5cGUKcQZYAgAAAE84cQeJiIdxCFJxCShLA1gBAAAAfHEKTk5OSv////9K/////0s/dHELYoldcQx9cQ0oWAYAAABwYXJhbXNxDn1xDy
            hYEwAAAHRhcGlyL34vZXh0cmFfY29udnNxEH1xEShYAQAAAHdxEmgAaAFLAIVxE2gDh3EUUnEVKEsBSwJLA4ZxFmgGWAIAAABmNHEXiYiHcRhScRkoSwNYAQAAADxxGk5O
            Tkr/////Sv////9LAHRxG2KJQxgAAIC/AAAAvwAAAAAAAAA/AACAPwAAwD9xHHRxHWJYAQAAAGJxHmgAaAFLAIVxH2gDh3EgUnEhKEsBSwKFcSJoBlgCAAAAZjJxI4mIh3
            EkUnElKEsDaBpOTk5K/////0r/////SwB0cSZiiUMEAD4AwHEndHEoYnVYCgAAAHRhcGlyL25vcm1xKX1xKlgFAAAAc2NhbGVxK2gAaAFLAIVxLGgDh3EtUnEuKEsBSwJL
            A4ZxL2gGWAIAAABpOHEwiYiHcTFScTIoSwNoGk5OTkr/////Sv////9LAHRxM2KIQzAAAAAAAAAAAAMAAAAAAAAAAQAAAAAAAAAEAAAAAAAAAAIAAAAAAAAABQAAAAAAAA
            BxNHRxNWJzdVgFAAAAc3RhdGVxNn1xN1gVAAAAdGFwaXIvbm9ybS9+L21lYW5fZW1hcTh9cTkoWAcAAABhdmVyYWdlcTpoAGgBSwCFcTtoA4dxPFJxPShLASloBlgCAAAA
            ZjhxPomIh3E/UnFAKEsDaBpOTk5K/////0r/////SwB0cUFiiUMIAAAAAAAACkBxQnRxQ2JYBwAAAGNvdW50ZXJxRGgAaAFLAIVxRWgDh3FGUnFHKEsBSwKFcUhoBlgCAA
            AAdTFxSYmIh3FKUnFLKEsDaApOTk5K/////0r/////SwB0cUxiiUMCB8hxTXRxTmJ1c1gEAAAAc3RlcHFPSxFYBgAAAHNjYWxhcnFQY251bXB5Ll9jb3JlLm11bHRpYXJy
            YXkKc2NhbGFyCnFRaBlDBAAAIEBxUoZxU1JxVHVhdHFVYi4=
            """),
        4: decode(
            """
            k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
            AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJXRAgAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFy
            cmF5lJOUSwCFlEMBYpSHlFKUKEsBKWgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UKIwGcGFyYW1zlH2UKIwTdGFwaXIvfi
            9leHRyYV9jb252c5R9lCiMAXeUaAJoBUsAhZRoB4eUUpQoSwFLAksDhpRoC4wCZjSUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYolDGAAAgL8AAAC/AAAAAAAA
            AD8AAIA/AADAP5R0lGKMAWKUaAJoBUsAhZRoB4eUUpQoSwFLAoWUaAuMAmYylImIh5RSlChLA2gfTk5OSv////9K/////0sAdJRiiUMEAD4AwJR0lGJ1jAp0YXBpci9ub3
            JtlH2UjAVzY2FsZZRoAmgFSwCFlGgHh5RSlChLAUsCSwOGlGgLjAJpOJSJiIeUUpQoSwNoH05OTkr/////Sv////9LAHSUYohDMAAAAAAAAAAAAwAAAAAAAAABAAAAAAAA
            AAQAAAAAAAAAAgAAAAAAAAAFAAAAAAAAAJR0lGJzdYwFc3RhdGWUfZSMFXRhcGlyL25vcm0vfi9tZWFuX2VtYZR9lCiMB2F2ZXJhZ2WUaAJoBUsAhZRoB4eUUpQoSwEpaA
            uMAmY4lImIh5RSlChLA2gfTk5OSv////9K/////0sAdJRiiUMIAAAAAAAACkCUdJRijAdjb3VudGVylGgCaAVLAIWUaAeHlFKUKEsBSwKFlGgLjAJ1MZSJiIeUUpQoSwNo
            D05OTkr/////Sv////9LAHSUYolDAgfIlHSUYnVzjARzdGVwlEsRjAZzY2FsYXKUaACMBnNjYWxhcpSTlGgeQwQAACBAlIaUUpR1YXSUYi4=
            """),
        5: decode(
            """
            k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
            AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABZXgAgAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFy
            cmF5lJOUSwCFlEMBYpSHlFKUKEsBKWgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UKIwGcGFyYW1zlH2UKIwTdGFwaXIvfi
            9leHRyYV9jb252c5R9lCiMAXeUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolhgAAAAAAAAAAACAvwAAAL8AAAAAAAAAPwAAgD8AAMA/lGgLjAJm
            NJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiSwJLA4aUjAFDlHSUUpSMAWKUaBoolgQAAAAAAAAAAD4AwJRoC4wCZjKUiYiHlFKUKEsDaB9OTk5K/////0r///
            //SwB0lGJLAoWUaCJ0lFKUdYwKdGFwaXIvbm9ybZR9lIwFc2NhbGWUaBooljAAAAAAAAAAAAAAAAAAAAADAAAAAAAAAAEAAAAAAAAABAAAAAAAAAACAAAAAAAAAAUAAAAA
            AAAAlGgLjAJpOJSJiIeUUpQoSwNoH05OTkr/////Sv////9LAHSUYksCSwOGlIwBRpR0lFKUc3WMBXN0YXRllH2UjBV0YXBpci9ub3JtL34vbWVhbl9lbWGUfZQojAdhdm
            VyYWdllGgaKJYIAAAAAAAAAAAAAAAAAApAlGgLjAJmOJSJiIeUUpQoSwNoH05OTkr/////Sv////9LAHSUYiloInSUUpSMB2NvdW50ZXKUaBoolgIAAAAAAAAAB8iUaAuM
            AnUxlImIh5RSlChLA2gPTk5OSv////9K/////0sAdJRiSwKFlGgidJRSlHVzjARzdGVwlEsRjAZzY2FsYXKUaACMBnNjYWxhcpSTlGgeQwQAACBAlIaUUpR1YXSUYi4=
            """),
    ]

    private static func decode(_ base64: String) -> Data {
        Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data()
    }
}
