import ArgumentParser
import Collector
import Foundation
import IPVSKernel
import PacketCapture
import TraceStore
import WebInterface

/// Something asked for that the input does not hold.
struct InputError: Error, CustomStringConvertible {
    /// One line: what, where, and how to mend.
    let description: String
}

/// Turns errors into one line and an exit status; the only place where one becomes the other.
enum Failure {
    // The statuses of sysexits.h.
    static let dataError: Int32 = 65
    private static let unavailable: Int32 = 69
    private static let notPermitted: Int32 = 77

    /// Runs `body`; an error it throws is told in one line on standard error, and ends the program.
    static func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            guard let status = status(of: error) else { throw error }
            Terminal.write("ipvscope: \(error)\n")
            throw ExitCode(status)
        }
    }

    /// The exit status for an error of ours; `nil` for the argument parser's own.
    static func status(of error: any Error) -> Int32? {
        switch error {
        case let error as CaptureError:
            switch error.code {
            case .notPermitted: notPermitted
            case .fileUnreadable, .notACapture, .damaged, .unsupportedLinkType: dataError
            case .interfaceNotFound, .interfaceDown, .fileUnwritable, .other: unavailable
            }
        case let error as KernelError:
            switch error.code {
            case .notPermitted: notPermitted
            case .fileNotFound, .malformed, .unknownSchema: dataError
            case .moduleNotLoaded, .interrupted, .other: unavailable
            }
        case let error as StoreError:
            switch error.code {
            case .notADatabase, .foreignDatabase, .newerSchema, .olderSchema, .corrupt, .missing, .noSuchRun: dataError
            case .cannotOpen, .diskFull, .locked, .writerPresent, .readOnly, .inputOutput, .other: unavailable
            }
        case let error as WebInterfaceError:
            error.code == .invalidAddress ? ExitCode.validationFailure.rawValue : unavailable
        case let error as QueryError: error.code == .timeLimit ? unavailable : ExitCode.validationFailure.rawValue
        case is InputError: dataError
        case let error as CollectorError:
            error.code == .nothingCaptured ? dataError : unavailable
        default: nil
        }
    }
}
