Pod::Spec.new do |s|
  s.name = 'native_model'
  s.version = '1.0.0'
  s.summary = 'The model and the pixel contract in C.'
  s.homepage = 'https://example.invalid'
  s.license = { :type => 'Apache-2.0' }
  s.author = 'handlens'
  s.source = { :path => '.' }
  # A podspec reaches no files above it: Classes holds one file that includes each of ../src.
  s.source_files = 'Classes/**/*'
  s.dependency 'Flutter'
  s.platform = :ios, '13.0'
  s.pod_target_xcconfig = {
    'DEFINES_MODULE' => 'YES',
    'GCC_OPTIMIZATION_LEVEL' => '2',
    'OTHER_CFLAGS' => '-ffp-contract=off',
  }
end
