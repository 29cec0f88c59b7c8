# Makes a C++ source of text files: cmake -DROOT=... -DOUT=... -DFILES=a,b -P embed_text.cmake
# Their paths are relative to ROOT.
string(REPLACE "," ";" files "${FILES}")
file(WRITE ${OUT}.new "// Made by embed_text.cmake.\nnamespace assay::text {\n\nextern const char* const files[][2];\nconst char* const files[][2] = {\n")
foreach(path IN LISTS files)
  file(READ ${ROOT}/${path} content)
  file(APPEND ${OUT}.new "{\"${path}\", R\"~~~~(${content})~~~~\"},\n")
endforeach()
file(APPEND ${OUT}.new "{nullptr, nullptr}};\n\n}  // namespace assay::text\n")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
